/** What the server and we say to each other beyond LSP; `editors/PROTOCOL.md` says what each field means. */

export const ACTIVITY = "duologue/activity";
export const CONTEXT = "duologue/context";
export const STATE = "duologue/state";
export const TRANSCRIPT = "duologue/transcript";
export const OFFER = "duologue/offer";
export const PREVIEW = "duologue/preview";
export const CLIENT_COMMAND = "duologue/clientCommand";

export type Verb =
  | "start"
  | "stop"
  | "mute"
  | "unmute"
  | "pushToTalk"
  | "snooze"
  | "sleep"
  | "wake"
  | "repeat"
  | "why"
  | "accept"
  | "dismiss";

export interface Activity {
  keys?: number;
  focused?: boolean;
  selecting?: boolean;
}

export interface State {
  voice: "off" | "loading" | "ready" | "restarting" | "failed";
  microphone: "off" | "push_to_talk" | "open" | "muted" | "asleep" | "absent" | "elsewhere" | "dozing";
  user: "quiet" | "speaking" | "typing";
  partner: "silent" | "thinking" | "speaking" | "ducked";
  health: "ok" | "warning" | "error";
  message: string;
  parts: Record<string, string> | null;
  latencyMs: number | null;
  seq: number;
}

export interface TranscriptLine {
  id: string;
  role: "user" | "partner";
  text: string;
  final: boolean;
  heardUpTo: number | null;
  cause: string;
}

export interface Offer {
  id: string;
  text: string;
  urgency: number;
  trigger: string;
  uri: string | null;
  line: number | null;
  channel: "mark" | "cue" | "speech";
  fix: string;
  outcome: "waiting" | "spoken" | "accepted" | "dismissed" | "dropped";
}

export interface Place {
  line: number;
  character: number;
}

export interface Preview {
  uri: string;
  ranges: { start: Place; end: Place }[];
  caption: string;
  question: string;
}

export interface ClientCommand {
  name: string;
  argument: string;
}

/** The result of every verb and of every client command. */
export interface Answer {
  ok: boolean;
  message: string;
}
