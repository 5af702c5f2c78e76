/** The one language client of this window. */
import * as vscode from "vscode";
import {
  CloseAction,
  type CloseHandlerResult,
  DidChangeConfigurationNotification,
  type ApplyWorkspaceEditParams,
  ApplyWorkspaceEditRequest,
  type ApplyWorkspaceEditResult,
  type DynamicFeature,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  type ServerOptions,
  type StaticFeature,
  State as Running,
  TextDocumentEdit,
} from "vscode-languageclient/node";
import {
  type Answer,
  CLIENT_COMMAND,
  type ClientCommand,
  OFFER,
  type Offer,
  PREVIEW,
  type Preview,
  STATE,
  type State,
  TRANSCRIPT,
  type TranscriptLine,
  type Verb,
} from "./protocol";
import { SECTION, type Settings } from "./settings";
import type { Truth } from "./state";

/** A server that dies more often than this within the time is not started again. */
const MOST_DEATHS = 4;
const DEATHS_WITHIN_MS = 180_000;
const SCHEMES = ["file", "untitled", "vscode-remote", "vscode-vfs", "vscode-notebook-cell"];

/** VS Code's client without the part that would make commands of the server's verbs: ours do more than send them. */
class Client extends LanguageClient {
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = "registrationType" in feature ? feature.registrationType.method : "";
    if (method !== ExecuteCommandRequest.method) {
      super.registerFeature(feature);
    }
  }
}

const ANNOUNCED: StaticFeature = {
  fillClientCapabilities(capabilities) {
    capabilities.experimental = { ...capabilities.experimental, duologue: { version: 1, offers: true } };
  },
  initialize() {},
  getState: () => ({ kind: "static" }),
  clear() {},
};

export interface Ears {
  transcript(line: TranscriptLine): void;
  offer(offer: Offer): void;
  /** A spoken command is about to do something. */
  preview(preview: Preview): void;
  /** Does what only the editor can. */
  perform(command: ClientCommand): Promise<Answer>;
  /** Makes a change that the user has accepted, and says whether it was made. */
  apply(edit: vscode.WorkspaceEdit): Promise<boolean>;
  /** A server is there, and knows nothing yet. */
  ready(): void;
  /** There is none any more. */
  gone(): void;
}

export class Server {
  private client: Client | undefined;
  private deaths: number[] = [];
  /** What the user had asked of a server that then died. */
  private before: State | undefined;

  constructor(
    private readonly truth: Truth,
    private readonly settings: Settings,
    private readonly log: vscode.LogOutputChannel,
    private readonly ears: Ears,
  ) {}

  get running(): boolean {
    return this.client?.state === Running.Running;
  }

  /** Starts the program, and ends the one before. Raises Error if it cannot be started or does not answer. */
  async start(path: string): Promise<void> {
    await this.stop();
    this.deaths = [];
    this.truth.without("starting");
    this.log.info(`starting ${path} lsp`);
    const server: ServerOptions = { command: path, args: ["lsp"] };
    const client = new Client("duologue", "Duologue", server, this.options());
    this.client = client;
    client.registerFeature(ANNOUNCED);
    client.onNotification(PREVIEW, (preview: Preview) => this.ears.preview(preview));
    client.onRequest(CLIENT_COMMAND, (command: ClientCommand) => this.ears.perform(command));
    client.onRequest(ApplyWorkspaceEditRequest.type, (params) => this.apply(client, params));
    client.onNotification(STATE, (state: State) => this.truth.take(state));
    client.onNotification(TRANSCRIPT, (line: TranscriptLine) => this.ears.transcript(line));
    client.onNotification(OFFER, (offer: Offer) => this.ears.offer(offer));
    client.onDidChangeState(({ newState }) => {
      if (newState === Running.Running) {
        this.truth.without("");
        this.ears.ready();
        void this.resume();
      } else if (newState === Running.Stopped) {
        this.ears.gone();
      }
    });
    try {
      await client.start();
    } catch (error) {
      this.truth.without("lost", error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.before = undefined;
    if (client?.needsStop()) {
      await client.dispose(2000).catch((error: unknown) => this.log.warn(`the server did not leave: ${error}`));
    }
  }

  /** Whether there is a server that gets it. */
  notify(method: string, params: object): boolean {
    if (!this.client || !this.running) {
      return false;
    }
    this.client.sendNotification(method, params).catch((error: unknown) => this.log.debug(`${method} was lost: ${error}`));
    return true;
  }

  /** Sends the verb; undefined if there is no server to ask, or it refused, and the user was told. */
  async execute(verb: Verb, args: object = {}): Promise<Answer | undefined> {
    if (!this.client || !this.running) {
      return undefined;
    }
    const params = { command: `duologue.${verb}`, arguments: [args] };
    try {
      return (await this.client.sendRequest(ExecuteCommandRequest.method, params)) as Answer;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      void vscode.window.showErrorMessage(`Duologue: ${why}`);
      return undefined;
    }
  }

  configure(): void {
    this.notify(DidChangeConfigurationNotification.method, { settings: { [SECTION]: this.settings.forServer() } });
  }

  /** In the place of the library's own: it is no key of the user's, and the user is told why it was not made. */
  private async apply(client: Client, { edit }: ApplyWorkspaceEditParams): Promise<ApplyWorkspaceEditResult> {
    for (const change of edit.documentChanges ?? []) {
      if (TextDocumentEdit.is(change)) {
        const uri = client.protocol2CodeConverter.asUri(change.textDocument.uri).toString();
        const document = vscode.workspace.textDocuments.find((open) => open.uri.toString() === uri);
        if (document?.version !== change.textDocument.version) {
          return { applied: false, failureReason: "the code has changed since" };
        }
      }
    }
    const applied = await this.ears.apply(await client.protocol2CodeConverter.asWorkspaceEdit(edit));
    return applied ? { applied } : { applied, failureReason: "VS Code did not allow it; is the file read-only?" };
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: SCHEMES.map((scheme) => ({ scheme })),
      outputChannel: this.log,
      initializationOptions: this.settings.forServer(),
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => this.closed(),
      },
      middleware: {
        workspace: {
          configuration: (params) =>
            params.items.map((item) => (item.section === SECTION ? this.settings.forServer() : null)),
          didChangeConfiguration: async () => {}, // whether the server asks for it or not, `configure` is called
        },
      },
    };
  }

  /** The connection ended without our doing. */
  private closed(): CloseHandlerResult {
    const nowMs = Date.now();
    this.deaths = [...this.deaths.filter((atMs) => nowMs - atMs < DEATHS_WITHIN_MS), nowMs];
    if (this.truth.started) {
      this.before = this.truth.now;
    }
    if (this.deaths.length <= MOST_DEATHS) {
      this.truth.without("starting");
      return { action: CloseAction.Restart, message: "the server has ended, and is started again", handled: true };
    }
    this.truth.without("lost", "the server ended five times within three minutes");
    void vscode.window
      .showErrorMessage("Duologue's server ended five times within three minutes. Its log may say why.", "Show Log", "Start Again")
      .then((choice) => {
        if (choice !== undefined) {
          void vscode.commands.executeCommand(choice === "Show Log" ? "duologue.showLog" : "duologue.restartServer");
        }
      });
    return { action: CloseAction.DoNotRestart, message: "the server ended too often", handled: true };
  }

  /** A new server goes on where a dead one stopped; the microphone is never more open than it was. */
  private async resume(): Promise<void> {
    const before = this.before;
    this.before = undefined;
    if (before) {
      await this.execute("start");
      if (before.microphone === "muted" || before.microphone === "asleep") {
        await this.execute(before.microphone === "muted" ? "mute" : "sleep");
      }
    }
  }
}
