/** The last word of the server about microphone, user and partner, and how it reads. Knows no editor. */
import type { State } from "./protocol";

/** What stands between us and a server, when there is none. */
export type Trouble = "" | "missing" | "installing" | "starting" | "lost";

export const OFF: State = {
  voice: "off",
  microphone: "off",
  user: "quiet",
  partner: "silent",
  health: "ok",
  message: "",
  parts: null,
  latencyMs: null,
  seq: 0,
};

/** How a state reads: an icon of VS Code's own, a few words, and whether they need attention. */
export interface Reading {
  icon: string;
  text: string;
  severity: "ok" | "warning" | "error";
}

const MICROPHONES: Record<State["microphone"], [icon: string, text: string]> = {
  open: ["mic", "listening"],
  push_to_talk: ["record", "push to talk"],
  muted: ["mute", "muted"],
  asleep: ["debug-pause", "asleep"],
  absent: ["warning", "no microphone"],
  dozing: ["debug-pause", "dozing"],
  elsewhere: ["multiple-windows", "in another window"],
  off: ["circle-slash", "microphone off"],
};
const PARTNERS: Record<State["partner"], [icon: string, text: string] | null> = {
  speaking: ["unmute", "speaking"],
  ducked: ["unmute", "speaking low"],
  thinking: ["loading~spin", "thinking"],
  silent: null,
};
const TROUBLES: Record<Exclude<Trouble, "">, [icon: string, text: string, severity: Reading["severity"]]> = {
  missing: ["cloud-download", "not installed", "warning"],
  installing: ["loading~spin", "installing", "ok"],
  starting: ["loading~spin", "starting", "ok"],
  lost: ["error", "no server", "error"],
};

function microphone(state: State, talking: boolean): [icon: string, text: string] {
  if (state.microphone === "push_to_talk" && talking) {
    return ["mic-filled", "talk now"];
  }
  if (state.user === "speaking" && (state.microphone === "open" || state.microphone === "push_to_talk")) {
    return ["mic-filled", "hearing you"];
  }
  return MICROPHONES[state.microphone] ?? ["question", state.microphone];
}

/** The one truth in two or three words. */
export function read(state: State, trouble: Trouble = "", talking = false): Reading {
  if (trouble !== "") {
    const [icon, text, severity] = TROUBLES[trouble];
    return { icon, text, severity };
  }
  const severity = state.health;
  switch (state.voice) {
    case "off":
      return { icon: "circle-outline", text: "off", severity };
    case "loading":
    case "restarting":
      return { icon: "loading~spin", text: state.voice, severity };
    case "failed":
      return { icon: "error", text: "no voice", severity: "error" };
    case "ready":
  }
  const [icon, mic] = microphone(state, talking);
  const partner = PARTNERS[state.partner];
  if (!partner) {
    return { icon, text: mic, severity };
  }
  // Whoever is not simply listening must see that also while the partner has the floor.
  const text = state.microphone === "open" && state.user !== "speaking" ? partner[1] : `${partner[1]} · ${mic}`;
  return { icon: partner[0], text, severity };
}

/** Whether somebody speaks, so that captions have to stay. */
export function sounding(state: State): boolean {
  return state.user === "speaking" || state.partner !== "silent";
}

/** All that is known, a line for each fact, in plain words. */
export function describe(state: State, trouble: Trouble = "", talking = false): string[] {
  const lines = [`${read(state, trouble, talking).text}`];
  if (trouble === "") {
    lines.push(`voice ${state.voice}`, `microphone ${MICROPHONES[state.microphone]?.[1] ?? state.microphone}`);
    lines.push(`you ${state.user}`, `partner ${PARTNERS[state.partner]?.[1] ?? state.partner}`);
    if (state.latencyMs !== null) {
      lines.push(`the last answer began after ${Math.round(state.latencyMs)} ms`);
    }
    lines.push(...Object.entries(state.parts ?? {}).map(([part, used]) => `${part}: ${used}`));
  }
  if (state.message !== "") {
    lines.push(state.message);
  }
  return lines;
}

/** Keeps the newest state; an older one that comes late is not news. */
export class Truth {
  private state: State = OFF;
  private trouble: Trouble = "starting";
  private talking = false;

  constructor(private readonly changed: () => void) {}

  get now(): State {
    return this.state;
  }

  get troubled(): Trouble {
    return this.trouble;
  }

  get held(): boolean {
    return this.talking;
  }

  /** Whether the voice was asked for and has not been stopped. */
  get started(): boolean {
    return this.trouble === "" && this.state.voice !== "off";
  }

  get reading(): Reading {
    return read(this.state, this.trouble, this.talking);
  }

  get facts(): string[] {
    return describe(this.state, this.trouble, this.talking);
  }

  take(state: State): void {
    if (state.seq < this.state.seq) {
      return;
    }
    this.state = { ...OFF, ...state };
    this.trouble = "";
    if (this.state.voice === "off") {
      this.talking = false;
    }
    this.changed();
  }

  /** Without a server nothing is known of the voice; with a new one, `""`, nothing has happened yet. */
  without(trouble: Trouble, message = ""): void {
    this.state = { ...OFF, message, health: trouble === "lost" ? "error" : "ok" };
    this.trouble = trouble;
    this.talking = false;
    this.changed();
  }

  hold(down: boolean): void {
    this.talking = down && this.started;
    this.changed();
  }
}
