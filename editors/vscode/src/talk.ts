/**
 * Push-to-talk without a key-up. VS Code tells an extension that a key went down and never that it came up, but a held key
 * repeats itself: repeats that stop are a key let go. A press that nothing follows was a tap, and a tap is a toggle.
 */

/** Longest wait for the first repeat: Windows' slowest is 1 s, the usual 0.25 to 0.66 s. */
export const FIRST_REPEAT_MS = 1100;
/** Repeats come every 30 to 100 ms; a silence this long is a key let go. */
export const LET_GO_MS = 250;

export class TalkKey {
  private down = false;
  private repeats = 0;
  private timer: NodeJS.Timeout | undefined;

  /** `say` is told when talking begins and ends. */
  constructor(private readonly say: (down: boolean) => void) {}

  /** The key went down, or repeats; a second tap looks like the first repeat, and ends as one does. */
  press(): void {
    if (!this.down) {
      this.repeats = 0;
      this.set(true);
      this.wait(FIRST_REPEAT_MS);
    } else if (this.timer === undefined) {
      this.set(false); // it was latched by a tap
    } else {
      this.repeats += 1;
      this.wait(LET_GO_MS);
    }
  }

  /** Talking ended for another reason, such as the voice being off. */
  reset(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.down = false;
  }

  private wait(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.repeats > 0) {
        this.set(false);
      }
    }, ms);
  }

  private set(down: boolean): void {
    if (!down) {
      clearTimeout(this.timer);
      this.timer = undefined;
    }
    this.down = down;
    this.say(down);
  }
}
