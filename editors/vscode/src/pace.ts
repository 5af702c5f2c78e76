/**
 * Runs `send` at the first push, at once, and then at most once in `intervalMs` for as long as pushes go on.
 * No push is lost: one that comes while waiting makes `send` run at the end of the wait.
 */
export function pace(intervalMs: number, send: () => void): { push(): void; dispose(): void } {
  let timer: NodeJS.Timeout | undefined;
  let due = false;

  function turn(): void {
    timer = undefined;
    if (due) {
      due = false;
      timer = setTimeout(turn, intervalMs);
      send();
    }
  }

  return {
    push() {
      due = true;
      if (timer === undefined) {
        turn();
      }
    },
    dispose() {
      clearTimeout(timer);
      due = false;
    },
  };
}
