/** Wires the parts. */
import * as vscode from "vscode";
import { Previews, perform } from "./actions";
import { Fingers } from "./activity";
import { Captions } from "./captions";
import { Server } from "./client";
import { type Parts, register, say } from "./commands";
import { Surroundings } from "./context";
import { Offers } from "./offers";
import type { TranscriptLine } from "./protocol";
import { SECTION, Settings } from "./settings";
import { Setup } from "./setup";
import { Truth } from "./state";
import { StatusBar } from "./status";
import { TalkKey } from "./talk";
import { Transcript } from "./transcript";

const WELCOMED = "duologue.welcomed";
let running: Server | undefined;

export function activate(context: vscode.ExtensionContext): void {
  const beganMs = performance.now();
  const { extension, subscriptions } = context;
  const manifest = extension.packageJSON as { version: string; serverVersion: string };
  const log = vscode.window.createOutputChannel("Duologue", { log: true });
  const settings = new Settings(manifest);
  const truth = new Truth(() => status.show());
  const status = new StatusBar(truth);
  const captions = new Captions(truth, () => settings.captions);
  const offers = new Offers(() => settings.offers);
  const transcript = new Transcript();
  const previews = new Previews();

  function heard(line: TranscriptLine): void {
    captions.update(line);
    transcript.update(line);
  }

  const server = new Server(truth, settings, log, {
    transcript: heard,
    offer: (offer) => offers.update(offer),
    apply: (edit) => offers.apply(edit),
    preview: (preview) => previews.show(preview),
    perform,
    ready: () => surroundings.catchUp(),
    gone: () => {
      captions.clear();
      offers.clear();
    },
  });
  running = server;
  // Before the language client exists: keys go out before the change that they made.
  const fingers = new Fingers(server, truth, () => offers.applying);
  const surroundings = new Surroundings(server, log);
  const own = vscode.Uri.joinPath(context.globalStorageUri, "server").fsPath;
  const setup = new Setup(server, truth, settings, log, own, manifest.serverVersion);
  const parts: Parts = {
    server,
    setup,
    truth,
    offers,
    transcript,
    log,
    talk: new TalkKey((down) => void say(parts, down)),
    hush: () => fingers.press(),
  };
  subscriptions.push(log, status, captions, offers, previews, transcript, fingers, surroundings, register(parts, extension.id));
  subscriptions.push(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${SECTION}.serverPath`)) {
        void setup.begin(true);
      }
      if (change.affectsConfiguration(SECTION)) {
        server.configure();
      }
      if (!settings.offers) {
        offers.clear();
      }
    }),
  );
  const first = !context.globalState.get(WELCOMED, false);
  if (first) {
    void context.globalState.update(WELCOMED, true);
    void vscode.commands.executeCommand("duologue.openWalkthrough");
  }
  // The walkthrough asks for the server itself, but does not know of a path that is wrong.
  void setup.begin(!first || settings.serverPath !== "");
  log.info(`active after ${(performance.now() - beganMs).toFixed(1)} ms`);
}

export async function deactivate(): Promise<void> {
  await running?.stop();
}
