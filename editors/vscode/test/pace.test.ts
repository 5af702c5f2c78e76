import assert from "node:assert/strict";
import { test } from "node:test";
import { pace } from "../src/pace";

test("the first goes out at once, the others at most every interval, and none is lost", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let sent = 0;
  const sending = pace(50, () => (sent += 1));
  sending.push();
  assert.equal(sent, 1);
  for (let n = 0; n < 10; n += 1) {
    sending.push();
    t.mock.timers.tick(4);
  }
  assert.equal(sent, 1);
  t.mock.timers.tick(10);
  assert.equal(sent, 2);
  t.mock.timers.tick(1000);
  assert.equal(sent, 2);
  sending.push();
  assert.equal(sent, 3);
});
