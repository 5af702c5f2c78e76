import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { MARKER, NotFound, findServer, programIn } from "../src/find";
import { Cancelled, InstallTrouble, type Job, install } from "../src/install";

function program(path: string, script = "exit 0"): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function folder(): string {
  return mkdtempSync(join(tmpdir(), "duologue-"));
}

/** A Python whose `venv` makes an environment, and whose `pip` does what `pip` says. */
function python(at: string, pip: string, venv = 'mkdir -p "$3/bin" && cp "$0" "$3/bin/python"'): string {
  return program(
    join(at, "python3.12"),
    `case "$1 $2" in
      -c*) exit 0 ;;
      "-m venv") ${venv} ;;
      "-m pip") ${pip} ;;
    esac`,
  );
}

const PIP_WORKS = `echo "Collecting $6"; echo "Installing collected packages: duologue"; printf '#!/bin/sh\\n' > "$(dirname "$0")/duologue"; chmod +x "$(dirname "$0")/duologue"`;

function job(at: string, more: Partial<Job> = {}): Job & { lines: string[]; told: string[] } {
  const lines: string[] = [];
  const told: string[] = [];
  return {
    folder: join(at, "server"),
    version: "1.2.3",
    log: (line) => lines.push(line),
    progress: (text) => told.push(text),
    signal: new AbortController().signal,
    searchPath: `${at}:/usr/bin:/bin`,
    lines,
    told,
    ...more,
  };
}

test("the setting comes first, then our own environment, then the search path", async () => {
  const at = folder();
  const own = join(at, "own");
  const other = program(join(at, "path", "duologue"));
  const search = dirname(other);
  assert.deepEqual(await findServer("", own, "1", search), { path: other, from: "path", outdated: false });
  const ours = program(programIn(own, "duologue"));
  assert.equal((await findServer("", own, "1", search)).from, "path", "an installation that did not end is none");
  writeFileSync(join(own, MARKER), "1");
  assert.deepEqual(await findServer("", own, "1", search), { path: ours, from: "own", outdated: false });
  assert.equal((await findServer("", own, "2", search)).outdated, true);
  const set = program(join(at, "set"));
  assert.equal((await findServer(set, own, "1", search)).from, "setting");
});

test("a wrong path is named, and nothing else is taken for it", async () => {
  const at = folder();
  program(join(at, "duologue"));
  await assert.rejects(findServer("/no/such", at, "1", at), new NotFound("The setting duologue.serverPath names /no/such, which is not a program that can be run."));
  await assert.rejects(findServer("bin/duologue", at, "1", at), /not an absolute path/);
  await assert.rejects(findServer("", join(at, "own"), "1", "/nowhere"), NotFound);
});

test("an installation leaves a program and the version", async () => {
  const at = folder();
  python(at, PIP_WORKS);
  const work = job(at);
  assert.equal(await install(work), programIn(work.folder, "duologue"));
  assert.equal(readFileSync(join(work.folder, MARKER), "utf8"), "1.2.3");
  assert.deepEqual(work.told.slice(-2), ["downloading duologue==1.2.3", "installing"]);
  assert.equal((await findServer("", work.folder, "1.2.3", "")).from, "own");
});

test("a failure of pip is told in its own last words, and leaves nothing", async () => {
  const at = folder();
  python(at, 'echo "ERROR: No matching distribution" >&2; exit 1');
  const work = job(at);
  await assert.rejects(install(work), new InstallTrouble("pip could not install duologue 1.2.3: ERROR: No matching distribution"));
  assert.equal(existsSync(work.folder), false);
  assert.ok(work.lines.includes("ERROR: No matching distribution"), "it is in the log too");
});

test("without the module venv, or without any Python, the next step is told", async () => {
  const at = folder();
  await assert.rejects(install(job(at, { searchPath: at })), /No Python 3\.11 or newer/);
  python(at, "exit 1", 'echo "ensurepip is not available"; exit 1');
  await assert.rejects(install(job(at)), /apt install python3-venv/);
});

test("it can be cancelled, and leaves nothing", async () => {
  const at = folder();
  const stop = new AbortController();
  python(at, "echo Collecting it; exec sleep 30");
  const work = job(at, {
    signal: stop.signal,
    progress: (text) => text.includes("it") && text.startsWith("downloading it") && stop.abort(),
  });
  await assert.rejects(install(work), Cancelled);
  assert.equal(existsSync(work.folder), false);
});
