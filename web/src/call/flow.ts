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
  /** Answers to ICE's checks, or what stands for them: they prove the way there as well as the way back. */
  answered: number;
}

export class Flow {
  #last: FlowCounters = { received: 0, answered: 0 };
  #first_ms: number | undefined;
  #received_ms: number | undefined;
  #answered_ms: number | undefined;

  /** Takes the counters as they are at `now_ms`. Those of a new connection start below the last. */
  look(now_ms: number, counters: FlowCounters): void {
    this.#first_ms ??= now_ms;
    // What is there at the first look has come since the connection began.
    if (counters.received > this.#last.received) this.#received_ms = now_ms;
    if (counters.answered > this.#last.answered) this.#answered_ms = now_ms;
    this.#last = counters;
  }

  /** Undefined while it is too early to tell. `sends` is whether the other side says that it sends anything. */
  flows(now_ms: number, sends: boolean): boolean | undefined {
    const received = !sends || within(this.#received_ms, now_ms, RECEIVED_WITHIN_MS);
    const answered = within(this.#answered_ms, now_ms, ANSWERED_WITHIN_MS);
    if (received && answered) return true;
    // Packets that came and no longer come tell at once; the first answer may yet be on its way.
    const stopped = this.#received_ms !== undefined && !received;
    const early = this.#first_ms === undefined || now_ms - this.#first_ms < ANSWERED_WITHIN_MS;
    return early && !stopped ? undefined : false;
  }
}

function within(at_ms: number | undefined, now_ms: number, limit_ms: number): boolean {
  return at_ms !== undefined && now_ms - at_ms <= limit_ms;
}
