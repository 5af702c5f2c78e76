import assert from "node:assert/strict";
import { test } from "node:test";
import type { State } from "../src/protocol";
import { OFF, Truth, describe, read } from "../src/state";

const READY: State = { ...OFF, voice: "ready", microphone: "open" };

test("the microphone can be read from every state of a voice that is there", () => {
  const microphones = ["off", "push_to_talk", "open", "muted", "asleep", "absent"] as const;
  for (const partner of ["silent", "thinking", "speaking", "ducked"] as const) {
    const texts = microphones.map((microphone) => read({ ...READY, microphone, partner }).text);
    assert.equal(new Set(texts).size, microphones.length, `${partner}: ${texts}`);
  }
});

test("words and icons", () => {
  assert.deepEqual(read(OFF), { icon: "circle-outline", text: "off", severity: "ok" });
  assert.equal(read(READY).text, "listening");
  assert.equal(read({ ...READY, user: "speaking" }).text, "hearing you");
  assert.equal(read({ ...READY, microphone: "muted", partner: "speaking" }).text, "speaking · muted");
  assert.equal(read({ ...READY, microphone: "push_to_talk" }, "", true).text, "talk now");
  assert.equal(read({ ...OFF, voice: "failed", health: "error" }).severity, "error");
  assert.deepEqual(read(OFF, "missing"), { icon: "cloud-download", text: "not installed", severity: "warning" });
});

test("a state that comes late is not believed, and one of a new server is", () => {
  let changes = 0;
  const truth = new Truth(() => (changes += 1));
  truth.take({ ...READY, seq: 5 });
  truth.take({ ...OFF, seq: 4 });
  assert.equal(truth.now.voice, "ready");
  assert.equal(changes, 1);
  truth.without("starting");
  assert.equal(truth.started, false);
  truth.take({ ...READY, microphone: "muted", seq: 1 });
  assert.equal(truth.now.microphone, "muted");
});

test("talking ends with the voice", () => {
  const truth = new Truth(() => {});
  truth.hold(true);
  assert.equal(truth.held, false, "there is no voice to talk to");
  truth.take({ ...READY, microphone: "push_to_talk", seq: 1 });
  truth.hold(true);
  assert.equal(truth.reading.text, "talk now");
  truth.take({ ...OFF, seq: 2 });
  assert.equal(truth.held, false);
});

test("all facts are there in words", () => {
  const facts = describe({ ...READY, latencyMs: 409.6, parts: { ear: "moonshine" }, message: "No sound. Run doctor." });
  assert.deepEqual(facts.slice(-3), ["the last answer began after 410 ms", "ear: moonshine", "No sound. Run doctor."]);
});
