/**
 * Whether media flows both ways on one connection, by its counters. Pure. The hub keeps the place of somebody whose
 * socket is lost for as long as it is told so, and the page shows a live picture only while it is so.
 */

/**
 * How long ago a counter may have risen. A voice sends several packets a second even when it is silent, so one look
 * without any is enough; consent checks of ICE (RFC 7675) are answered every 6 s at the latest.
 */
const RECEIVED_WITHIN_MS = 1_500;
const ANSWERED_WITHIN_MS = 8_000;

/** Counters that only rise while a connection lives. */
export interface FlowCounters {
  /** Packets of media. */
  received: number;
  /** Answers to ICE's checks: they prove the way there as well as the way back. */
  answered: number;
}

export class Flow {
  #last: FlowCounters | undefined;
  #first_ms = 0;
  #received_ms: number | undefined;
  #answered_ms: number | undefined;
  #flowed = false;

  /** Takes the counters as they are at `now_ms`. Those of a new connection start below the last. */
  look(now_ms: number, counters: FlowCounters): void {
    const last = this.#last;
    if (!last) this.#first_ms = now_ms;
    else {
      if (counters.received > last.received) this.#received_ms = now_ms;
      if (counters.answered > last.answered) this.#answered_ms = now_ms;
    }
    this.#last = counters;
  }

  /** Undefined while it is too early to tell. `sends` is whether the other side says that it sends anything. */
  flows(now_ms: number, sends: boolean): boolean | undefined {
    const received = !sends || within(this.#received_ms, now_ms, RECEIVED_WITHIN_MS);
    const answered = within(this.#answered_ms, now_ms, ANSWERED_WITHIN_MS);
    if (received && answered) {
      this.#flowed = true;
      return true;
    }
    // What flowed before and no longer does needs no second look.
    return this.#flowed || (this.#last && now_ms - this.#first_ms >= ANSWERED_WITHIN_MS) ? false : undefined;
  }
}

function within(at_ms: number | undefined, now_ms: number, limit_ms: number): boolean {
  return at_ms !== undefined && now_ms - at_ms <= limit_ms;
}
