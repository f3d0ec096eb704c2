/**
 * How many messages a stranger may send. Pure. A person and a channel that catches up after an outage stay far below;
 * a program that floods the chat must not freeze the page of those who listen.
 */

/** Messages of the control channel at once: a whole history, and what waited through an outage. */
export const BURST = 400;
export const PER_SECOND = 20;

export class Allowance {
  readonly #burst: number;
  readonly #per_second: number;
  #left: number;
  #at_ms: number;

  constructor(now_ms: number, burst = BURST, per_second = PER_SECOND) {
    this.#burst = burst;
    this.#per_second = per_second;
    this.#left = burst;
    this.#at_ms = now_ms;
  }

  /** Whether one more is taken; what is not is dropped. */
  take(now_ms: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + (this.#per_second * (now_ms - this.#at_ms)) / 1000);
    this.#at_ms = now_ms;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
