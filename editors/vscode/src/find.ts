/** Where the server is: the path that the user set, the environment that we made, or the search path. */
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

const WINDOWS = process.platform === "win32";
const NAME = WINDOWS ? "duologue.exe" : "duologue";
/** In our environment: the version that was installed completely. */
export const MARKER = "installed";

export interface Found {
  path: string;
  from: "setting" | "own" | "path";
  /** Our own one, of another version than this extension wants. */
  outdated: boolean;
}

export class NotFound extends Error {}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, WINDOWS ? constants.F_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A program of an environment. */
export function programIn(folder: string, name: string): string {
  return WINDOWS ? join(folder, "Scripts", `${name}.exe`) : join(folder, "bin", name);
}

/** The first of `names` on the search path. */
export async function onPath(names: readonly string[], searchPath: string): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of searchPath.split(delimiter).filter(isAbsolute)) {
      const path = join(folder, name);
      if (await isExecutable(path)) {
        return path;
      }
    }
  }
  return undefined;
}

/** Raises NotFound, which says what to do. `own` is the folder of our environment, `version` what we would install. */
export async function findServer(
  setting: string,
  own: string,
  version: string,
  searchPath = process.env["PATH"] ?? "",
): Promise<Found> {
  if (setting !== "") {
    const path = setting.startsWith("~/") ? join(homedir(), setting.slice(2)) : setting;
    if (!isAbsolute(path) || !(await isExecutable(path))) {
      const why = isAbsolute(path) ? "is not a program that can be run" : "is not an absolute path";
      throw new NotFound(`The setting duologue.serverPath names ${setting}, which ${why}.`);
    }
    return { path, from: "setting", outdated: false };
  }
  const installed = await readFile(join(own, MARKER), "utf8").catch(() => "");
  const path = programIn(own, "duologue");
  if (installed !== "" && (await isExecutable(path))) {
    return { path, from: "own", outdated: installed.trim() !== version };
  }
  const other = await onPath([NAME], searchPath);
  if (other === undefined) {
    throw new NotFound("Duologue's server is not installed: it is neither on the search path nor in VS Code's storage.");
  }
  return { path: other, from: "path", outdated: false };
}
