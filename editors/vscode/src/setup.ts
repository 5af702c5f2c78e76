/** Finds or installs the server, starts it, and says what to do when that fails. */
import * as vscode from "vscode";
import type { Server } from "./client";
import { type Found, NotFound, findServer } from "./find";
import { Cancelled, install } from "./install";
import type { Settings } from "./settings";
import type { Truth } from "./state";

const INSTALL = "Install";
const CHOOSE = "Choose Path…";
const CLEAR = "Clear the Setting";
const RETRY = "Retry";
const LOG = "Show Log";

export class Setup {
  private busy: Promise<void> | undefined;
  /** The program that runs, for terminals. */
  path: string | undefined;

  constructor(
    private readonly server: Server,
    private readonly truth: Truth,
    private readonly settings: Settings,
    private readonly log: vscode.LogOutputChannel,
    private readonly folder: string,
    private readonly version: string,
  ) {}

  /** Starts the server if it can be found; `ask` whether the user is asked what to do if not. */
  begin(ask: boolean): Promise<void> {
    return this.alone(async () => {
      try {
        const found = await findServer(this.settings.serverPath, this.folder, this.version);
        this.log.info(`the server is ${found.path} (${found.from})`);
        await this.start(found);
      } catch (error) {
        const missing = error instanceof NotFound;
        this.log.error(`${error}`);
        this.truth.without(missing ? "missing" : "lost", error instanceof Error ? error.message : String(error));
        if (ask || !missing) {
          const set = this.settings.serverPath !== "";
          void this.trouble(error, missing ? [set ? CLEAR : INSTALL, CHOOSE] : [RETRY, CHOOSE, LOG]);
        }
      }
    });
  }

  /** Installs the server into the extension's storage, with progress; then starts it. */
  install(): Promise<void> {
    return this.alone(async () => {
      await this.server.stop();
      this.truth.without("installing");
      try {
        const path = await vscode.window.withProgress(
          { location: vscode.ProgressLocation.Notification, title: "Installing Duologue", cancellable: true },
          (progress, cancel) => {
            const stop = new AbortController();
            cancel.onCancellationRequested(() => stop.abort());
            return install({
              folder: this.folder,
              version: this.version,
              log: (line) => this.log.info(line),
              progress: (message) => progress.report({ message }),
              signal: stop.signal,
            });
          },
        );
        await this.start({ path, from: "own", outdated: false });
      } catch (error) {
        this.truth.without("missing", error instanceof Error ? error.message : String(error));
        this.log.error(`${error}`);
        if (!(error instanceof Cancelled)) {
          void this.trouble(error, [`${RETRY} Installing`, CHOOSE, LOG]);
        }
      }
    });
  }

  /** Asks for the program. */
  async choose(): Promise<void> {
    const [chosen] = (await vscode.window.showOpenDialog({ title: "Where is the program duologue?", openLabel: "Use" })) ?? [];
    if (chosen) {
      await this.set(chosen.fsPath);
    }
  }

  /** Keeps the path as a setting of this machine; the server is started when the setting has changed. */
  private async set(path: string | undefined): Promise<void> {
    await vscode.workspace.getConfiguration("duologue").update("serverPath", path, vscode.ConfigurationTarget.Global);
  }

  private async start(found: Found): Promise<void> {
    this.path = found.path;
    if (found.outdated) {
      const text = `Duologue's server is of another version than its extension, ${this.version}.`;
      void vscode.window.showInformationMessage(text, "Update").then((yes) => yes && this.install());
    }
    await this.server.start(found.path);
  }

  private async trouble(error: unknown, choices: string[]): Promise<void> {
    const text = error instanceof Error ? error.message : String(error);
    switch (await vscode.window.showErrorMessage(`Duologue: ${text}`, ...choices)) {
      case INSTALL:
      case `${RETRY} Installing`:
        return this.install();
      case CLEAR:
        return this.set(undefined);
      case RETRY:
        return this.begin(true);
      case CHOOSE:
        return this.choose();
      case LOG:
        this.log.show();
    }
  }

  /** One after the other: a start that meets an installation waits for it. */
  private alone(work: () => Promise<void>): Promise<void> {
    const next = (this.busy ?? Promise.resolve()).then(work);
    this.busy = next.catch(() => undefined);
    return next;
  }
}
