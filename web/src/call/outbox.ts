/**
 * What waits for one control channel. Pure. Nothing is written while the path is down: SCTP would resend into the void
 * with ever longer waits, and go on waiting after the path is back.
 */
import { CHAT_HISTORY_MAX, type ControlFrame } from '../protocol/wire.ts';

/** Chat messages that wait; when full the oldest goes. */
const WAITING_MAX = CHAT_HISTORY_MAX;

export class Outbox {
  #open = false;
  #up = false;
  #waiting: ControlFrame[] = [];

  /** The channel opened; what was said before is told by whoever hears of this, history and all. */
  opened(): void {
    this.#open = true;
    this.#waiting = [];
  }

  /** Frames to write now. A channel that is not open yet needs none: its history will have them. */
  say(frame: ControlFrame): ControlFrame[] {
    if (!this.#open) return [];
    if (this.#up) return [frame];
    // Of a hand only the latest state counts.
    if (frame.type === 'hand') this.#waiting = this.#waiting.filter(({ type }) => type !== 'hand');
    this.#waiting.push(frame);
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    return [];
  }

  /** The path came or went; returns what is to be written now. */
  path(up: boolean): ControlFrame[] {
    this.#up = up;
    return up ? this.#waiting.splice(0) : [];
  }
}
