/** Captions as text: which words are shown, and which of them were heard. Knows no editor. */
import type { TranscriptLine } from "./protocol";

export interface Caption {
  /** Who speaks, in front of the words. */
  mark: string;
  heard: string;
  /** What is still to come, or was cut off by a key or a word of the user. */
  unheard: string;
}

const ELLIPSIS = "…";

/** `text` cut at a word, so that at most `most` characters stay; the end of it, where the speaking is. */
function lastWords(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const kept = text.slice(text.length - most + 2);
  const space = kept.indexOf(" ");
  return `${ELLIPSIS} ${space < 0 ? kept : kept.slice(space + 1)}`;
}

function firstWords(text: string, most: number): string {
  if (text.length <= most) {
    return text;
  }
  const kept = text.slice(0, Math.max(0, most - 2));
  const space = kept.lastIndexOf(" ");
  return `${space < 0 ? kept : kept.slice(0, space)} ${ELLIPSIS}`;
}

/** One row of at most about `columns` characters around the place up to which was heard. */
export function caption(line: TranscriptLine, columns: number): Caption {
  const text = line.text.replace(/\s/g, " ");
  const mark = line.role === "user" ? "you" : "◆";
  // Positions on the wire are code points.
  const heardUpTo = line.role === "partner" ? (line.heardUpTo ?? undefined) : undefined;
  if (heardUpTo === undefined) {
    const growing = line.role === "user" && !line.final ? ` ${ELLIPSIS}` : "";
    return { mark, heard: lastWords(text, columns) + growing, unheard: "" };
  }
  const points = [...text];
  const heard = points.slice(0, heardUpTo).join("");
  const unheard = points.slice(heardUpTo).join("");
  const room = Math.max(columns - unheard.length, Math.floor(columns / 2));
  const shown = lastWords(heard, room);
  return { mark, heard: shown, unheard: firstWords(unheard, Math.max(0, columns - shown.length)) };
}

/** A line in words, for lists and for screen readers. */
export function spoken(line: TranscriptLine): string {
  const who = line.role === "user" ? "You" : "Duologue";
  if (line.role === "user" || !line.final || line.heardUpTo === null || line.heardUpTo >= [...line.text].length) {
    return `${who}: ${line.text}`;
  }
  const heard = [...line.text].slice(0, line.heardUpTo).join("").trim();
  const end = line.cause === "key" ? "silenced by a key" : line.cause === "speech" ? "interrupted" : "cut off";
  return `${who}: ${line.text} (${heard === "" ? "not heard" : `${end} after “${heard}”`})`;
}
