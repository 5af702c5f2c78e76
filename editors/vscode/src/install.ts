/** Installs the server into an environment of its own, from the user's package index. Knows no editor. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { MARKER, isExecutable, onPath, programIn } from "./find";

const WINDOWS = process.platform === "win32";
const PYTHONS = ["python3.13", "python3.12", "python3.11", "python3", "python"].map((n) => (WINDOWS ? `${n}.exe` : n));
const NEW_ENOUGH = "import sys, venv; sys.exit(sys.version_info < (3, 11))";

/** What went wrong, and what the user can do. */
export class InstallTrouble extends Error {}
export class Cancelled extends Error {}

export interface Job {
  folder: string;
  version: string;
  /** Every line that the programs print. */
  log(line: string): void;
  /** What is going on, in a few words. */
  progress(text: string): void;
  signal: AbortSignal;
  searchPath?: string;
}

/** Runs to the end; the exit status, and the last lines for messages. Raises Cancelled. */
async function run(command: readonly string[], job: Job, line: (text: string) => void = () => {}): Promise<[number, string]> {
  job.log(`> ${command.join(" ")}`);
  const [program, ...args] = command as [string, ...string[]];
  const child: ChildProcess = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], signal: job.signal });
  let last = "";
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) {
      createInterface({ input: stream }).on("line", (text) => {
        job.log(text);
        last = text.trim() || last;
        line(text);
      });
    }
  }
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(job.signal.aborted ? new Cancelled() : error));
    child.on("close", (code) => (job.signal.aborted ? reject(new Cancelled()) : resolve([code ?? 1, last])));
  });
}

/** A Python that is new enough. Raises InstallTrouble. */
async function findPython(job: Job): Promise<string> {
  const searchPath = job.searchPath ?? process.env["PATH"] ?? "";
  for (const name of PYTHONS) {
    const path = await onPath([name], searchPath);
    if (path !== undefined && (await run([path, "-c", NEW_ENOUGH], job))[0] === 0) {
      return path;
    }
  }
  throw new InstallTrouble(
    "No Python 3.11 or newer with its venv module was found on the search path. Install Python from python.org or your " +
      "system's packages (Debian and Ubuntu: apt install python3-venv), then try again.",
  );
}

/**
 * Makes the environment `job.folder` with that version of the server; an incomplete or older one is made anew.
 * The path of the program. Raises InstallTrouble and Cancelled; then nothing half made stays.
 */
export async function install(job: Job): Promise<string> {
  job.progress("looking for Python");
  const python = await findPython(job);
  await rm(job.folder, { recursive: true, force: true });
  await mkdir(dirname(job.folder), { recursive: true });
  try {
    job.progress("making an environment");
    const [made, why] = await run([python, "-m", "venv", job.folder], job);
    if (made !== 0) {
      throw new InstallTrouble(`${python} could not make an environment: ${why}. On Debian and Ubuntu: apt install python3-venv.`);
    }
    const pip = [programIn(job.folder, "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"];
    job.progress("downloading about 1 GB; the voice and the ear are inside");
    const [code, last] = await run([...pip, `duologue==${job.version}`], job, (text) => {
      const found = /^\s*(Collecting|Downloading|Installing collected packages)\s*:?\s*(\S*)/.exec(text);
      if (found) {
        job.progress(found[1] === "Installing collected packages" ? "installing" : `downloading ${found[2]?.split("/").pop()}`);
      }
    });
    if (code !== 0) {
      throw new InstallTrouble(`pip could not install duologue ${job.version}: ${last}`);
    }
    const path = programIn(job.folder, "duologue");
    if (!(await isExecutable(path))) {
      throw new InstallTrouble(`pip ended well, and still there is no ${path}.`);
    }
    await writeFile(join(job.folder, MARKER), job.version);
    return path;
  } catch (error) {
    await rm(job.folder, { recursive: true, force: true });
    throw error;
  }
}
