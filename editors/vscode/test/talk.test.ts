import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { FIRST_REPEAT_MS, LET_GO_MS, TalkKey } from "../src/talk";

function key(t: TestContext): { talk: TalkKey; said: boolean[]; wait: (ms: number) => void } {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said: boolean[] = [];
  return { talk: new TalkKey((down) => said.push(down)), said, wait: (ms) => t.mock.timers.tick(ms) };
}

test("a held key talks until its repeats stop", (t) => {
  const { talk, said, wait } = key(t);
  talk.press();
  wait(500);
  for (let n = 0; n < 50; n += 1) {
    talk.press();
    wait(33);
  }
  assert.deepEqual(said, [true]);
  wait(LET_GO_MS);
  assert.deepEqual(said, [true, false]);
});

test("a tap talks until the next tap, however late", (t) => {
  const { talk, said, wait } = key(t);
  talk.press();
  wait(FIRST_REPEAT_MS + 60_000);
  assert.deepEqual(said, [true]);
  talk.press();
  assert.deepEqual(said, [true, false]);
});

test("two quick taps end talking too", (t) => {
  const { talk, said, wait } = key(t);
  talk.press();
  wait(400);
  talk.press();
  wait(LET_GO_MS);
  assert.deepEqual(said, [true, false]);
});

test("after a reset the next press begins", (t) => {
  const { talk, said, wait } = key(t);
  talk.press();
  talk.reset();
  wait(FIRST_REPEAT_MS);
  talk.press();
  assert.deepEqual(said, [true, true]);
});
