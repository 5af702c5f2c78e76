/** Every verb as a command, and the menu of the status bar. */
import * as vscode from "vscode";
import type { Server } from "./client";
import type { Offers } from "./offers";
import type { Verb } from "./protocol";
import type { Setup } from "./setup";
import { type Truth, describe } from "./state";
import type { TalkKey } from "./talk";
import type { Transcript } from "./transcript";

const SNOOZES = [10, 30, 60, 240];

export interface Parts {
  server: Server;
  setup: Setup;
  truth: Truth;
  offers: Offers;
  transcript: Transcript;
  talk: TalkKey;
  log: vscode.LogOutputChannel;
  /** A key that is not typed silences like one that is. */
  hush(): void;
}

/** Sends a verb, starting the server if need be; the answer's words are shown. */
async function ask({ server, setup }: Parts, verb: Verb, args: object = {}): Promise<boolean> {
  if (!server.running) {
    await setup.begin(true);
  }
  const answer = await server.execute(verb, args);
  if (answer && answer.message !== "") {
    void vscode.window[answer.ok ? "showInformationMessage" : "showWarningMessage"](`Duologue: ${answer.message}`);
  }
  return answer?.ok ?? false;
}

async function snooze(parts: Parts, args?: { minutes?: number }): Promise<void> {
  const choices = SNOOZES.map((minutes) => ({ label: minutes < 60 ? `${minutes} minutes` : `${minutes / 60} h`, minutes }));
  const chosen = args?.minutes !== undefined ? { minutes: args.minutes } : await vscode.window.showQuickPick(choices, {
    title: "Nothing unprompted for how long?",
  });
  if (chosen) {
    await ask(parts, "snooze", { minutes: chosen.minutes });
  }
}

async function judge(parts: Parts, verb: "accept" | "dismiss", args?: { id?: string }): Promise<void> {
  const id = args?.id ?? parts.offers.chosen()?.id;
  await ask(parts, verb, id === undefined ? {} : { id });
}

function talk(parts: Parts, args?: { down?: boolean }): void {
  if (args?.down === undefined) {
    parts.talk.press();
  } else {
    parts.talk.reset();
    void say(parts, args.down);
  }
}

/** Opens or closes the microphone of push-to-talk. */
export async function say(parts: Parts, down: boolean): Promise<void> {
  parts.truth.hold(down);
  if (!(await ask(parts, "pushToTalk", { down })) && down) {
    parts.talk.reset();
    parts.truth.hold(false);
  }
}

function terminal(parts: Parts, name: string, args: string[]): void {
  const { path } = parts.setup;
  if (path === undefined) {
    void parts.setup.begin(true);
    return;
  }
  vscode.window.createTerminal({ name, shellPath: path, shellArgs: args, isTransient: true }).show();
}

interface Choice extends vscode.QuickPickItem {
  command: string;
}

function choices({ truth, offers }: Parts): Choice[] {
  const { microphone } = truth.now;
  const started = truth.started;
  const offer = offers.chosen();
  const all: [when: boolean, command: string, label: string, detail?: string | undefined][] = [
    [truth.troubled === "missing", "installServer", "$(cloud-download) Install the server"],
    [truth.troubled === "missing" || truth.troubled === "lost", "chooseServer", "$(folder-opened) Choose the server's path…"],
    [truth.troubled === "lost", "restartServer", "$(debug-restart) Start the server again"],
    [truth.troubled === "" && !started, "start", "$(mic) Start the voice"],
    [started && offer !== undefined, "accept", "$(check) Accept the suggestion", offer?.text],
    [started && offer !== undefined, "dismiss", "$(close) Dismiss the suggestion", offer?.text],
    [started && microphone !== "muted", "mute", "$(mute) Mute the microphone"],
    [started && microphone === "muted", "unmute", "$(mic) Unmute the microphone"],
    [started, "pushToTalk", truth.held ? "$(mic-filled) End talking" : "$(mic-filled) Talk (hold the key, or tap it twice)"],
    [started, "why", "$(question) Why did you say that?"],
    [started, "repeat", "$(history) Say it again"],
    [started, "snooze", "$(bell-slash) Snooze…", "Nothing unprompted for a while"],
    [started && microphone !== "asleep", "sleep", "$(debug-pause) Sleep", "The microphone is closed until you wake it"],
    [started && microphone === "asleep", "wake", "$(debug-continue) Wake"],
    [started, "stop", "$(debug-stop) Stop the voice"],
    [true, "openTranscript", "$(comment-discussion) Open the transcript"],
    [true, "checkMicrophone", "$(pulse) Check the microphone"],
    [true, "showLog", "$(output) Show the log"],
    [true, "openSettings", "$(gear) Settings"],
    [true, "openWalkthrough", "$(book) Get started"],
  ];
  return all
    .filter(([when]) => when)
    .map(([, command, label, detail]) => ({ command: `duologue.${command}`, label, ...(detail === undefined ? {} : { detail }) }));
}

async function menu(parts: Parts): Promise<void> {
  const [first, ...facts] = describe(parts.truth.now, parts.truth.troubled, parts.truth.held);
  const chosen = await vscode.window.showQuickPick(choices(parts), {
    title: `Duologue: ${first}`,
    placeHolder: facts.join(" · "),
    matchOnDetail: true,
  });
  if (chosen) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

/** Adds them all. */
export function register(parts: Parts, manifestId: string): vscode.Disposable {
  const { setup, truth, transcript, log } = parts;
  const verbs = ["start", "stop", "mute", "unmute", "sleep", "wake", "repeat", "why"] as const;
  const commands: Record<string, (args?: never) => unknown> = {
    toggleMute: () => ask(parts, truth.now.microphone === "muted" ? "unmute" : "mute"),
    pushToTalk: (args?: { down?: boolean }) => talk(parts, args),
    snooze: (args?: { minutes?: number }) => snooze(parts, args),
    accept: (args?: { id?: string }) => judge(parts, "accept", args),
    dismiss: (args?: { id?: string }) => judge(parts, "dismiss", args),
    hush: () => parts.hush(),
    menu: () => menu(parts),
    installServer: () => setup.install(),
    chooseServer: () => setup.choose(),
    restartServer: () => setup.begin(true),
    checkMicrophone: () => terminal(parts, "Duologue: microphone", ["doctor", "--mic"]),
    doctor: () => terminal(parts, "Duologue: doctor", ["doctor"]),
    openTranscript: () => transcript.open(),
    clearTranscript: () => transcript.clear(),
    showLog: () => log.show(),
    openSettings: () => vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${manifestId}`),
    openWalkthrough: () =>
      vscode.commands.executeCommand("workbench.action.openWalkthrough", `${manifestId}#duologue.begin`, false),
  };
  for (const verb of verbs) {
    commands[verb] = () => ask(parts, verb);
  }
  return vscode.Disposable.from(
    ...Object.entries(commands).map(([name, run]) => vscode.commands.registerCommand(`duologue.${name}`, run)),
  );
}
