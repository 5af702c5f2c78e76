/** The user's settings: those of the server, which it alone understands, and our own few. */
import * as vscode from "vscode";

export const SECTION = "duologue";

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> }[] };
}

/** The names of the server's settings, without the section; the first group of the manifest is made from its options. */
function serverSettings(manifest: Manifest): string[] {
  return Object.keys(manifest.contributes.configuration[0]?.properties ?? {}).map((name) => name.slice(SECTION.length + 1));
}

export class Settings {
  private readonly names: string[];
  private readonly sent = new Set<string>();

  constructor(manifest: unknown) {
    this.names = serverSettings(manifest as Manifest);
  }

  /**
   * What the user has set of the server's settings. One that was set when we last looked and is no longer is there with
   * its default: the server would keep it otherwise. Others are left out, so that another version does not complain.
   */
  forServer(): Record<string, unknown> {
    const configuration = vscode.workspace.getConfiguration(SECTION);
    const chosen: Record<string, unknown> = {};
    for (const name of this.names) {
      const found = configuration.inspect(name);
      const set = found?.globalValue ?? found?.workspaceValue ?? found?.workspaceFolderValue;
      if (set !== undefined || this.sent.has(name)) {
        this.sent.add(name);
        chosen[name] = configuration.get(name);
      }
    }
    return chosen;
  }

  get serverPath(): string {
    return vscode.workspace.getConfiguration(SECTION).get<string>("serverPath", "").trim();
  }

  get captions(): boolean {
    return vscode.workspace.getConfiguration(SECTION).get<boolean>("captions", true);
  }

  get offers(): boolean {
    return vscode.workspace.getConfiguration(SECTION).get<boolean>("offers", true);
  }
}
