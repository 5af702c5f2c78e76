import assert from "node:assert/strict";
import { test } from "node:test";
import { caption, spoken } from "../src/caption";
import type { TranscriptLine } from "../src/protocol";

function line(text: string, fields: Partial<TranscriptLine> = {}): TranscriptLine {
  return { id: "1", role: "partner", text, final: true, heardUpTo: null, cause: "", ...fields };
}

test("what was not heard is apart from what was", () => {
  const cut = line("Line four uses totl, which is not defined.", { heardUpTo: 14, cause: "key" });
  assert.deepEqual(caption(cut, 60), { mark: "◆", heard: "Line four uses", unheard: " totl, which is not defined." });
});

test("a long line stays within its columns, around the place that is spoken", () => {
  const words = Array.from({ length: 60 }, (_, n) => `word${n}`).join(" ");
  for (let heardUpTo = 0; heardUpTo <= words.length; heardUpTo += 7) {
    const { heard, unheard } = caption(line(words, { heardUpTo }), 60);
    assert.ok(heard.length + unheard.length <= 62, `${heardUpTo}: ${heard}|${unheard}`);
  }
  assert.match(caption(line(words, { heardUpTo: 200 }), 60).heard, /^… /);
});

test("places count characters as people do, not halves of them", () => {
  assert.equal(caption(line("🙂🙂 two faces", { heardUpTo: 2 }), 60).heard, "🙂🙂");
});

test("the user's words grow", () => {
  assert.equal(caption(line("what is", { role: "user", final: false }), 60).heard, "what is …");
  assert.equal(caption(line("what is wrong", { role: "user" }), 60).heard, "what is wrong");
});

test("a screen reader is told what was cut off and by whom", () => {
  assert.equal(spoken(line("Save it.")), "Duologue: Save it.");
  assert.equal(spoken(line("Save it.", { heardUpTo: 8, cause: "end" })), "Duologue: Save it.");
  assert.equal(
    spoken(line("Save it now.", { heardUpTo: 7, cause: "key" })),
    "Duologue: Save it now. (silenced by a key after “Save it”)",
  );
  assert.equal(spoken(line("Save it.", { heardUpTo: 0, cause: "device" })), "Duologue: Save it. (not heard)");
  assert.equal(spoken(line("Save it.", { heardUpTo: 2, final: false })), "Duologue: Save it.");
});
