/** Asks the hub over HTTP: whether it is there, while there is no socket, and for the call log. */
import { decodeCallLog } from '../protocol/decode.ts';
import type { GuestCredential, LoggedCall } from '../protocol/wire.ts';

/** One request after the other: requests that overlap wait for each other's time-outs after an outage. */
const EVERY_MS = 1_000;
const GIVE_UP_MS = 4_000;

export class Prober {
  readonly #answers: () => void;
  #running: AbortController | undefined;
  /** Whether the hub was heard to be away since the last answer; a hub that was there all along is no news. */
  #wasAway = false;

  /** `answers` is told once when a hub that was away is there again. */
  constructor(answers: () => void) {
    this.#answers = answers;
  }

  start(): void {
    this.stop();
    this.#running = new AbortController();
    void this.#run(this.#running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
  }

  async #run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      const there = await isThere();
      if (stopped.aborted) return;
      if (!there) this.#wasAway = true;
      else if (this.#wasAway) {
        this.#wasAway = false;
        return this.#answers();
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }
}

async function isThere(): Promise<boolean> {
  try {
    const answer = await fetch('/healthz', { cache: 'no-store', signal: AbortSignal.timeout(GIVE_UP_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}

/** The latest calls of a guest; undefined when they are not to be had now. */
export async function loadCalls({ user, secret }: GuestCredential): Promise<LoggedCall[] | undefined> {
  try {
    const headers = { authorization: `Basic ${btoa(`${user}:${secret}`)}` };
    const answer = await fetch('/api/calls?status=ended&limit=20', {
      headers,
      cache: 'no-store',
      credentials: 'omit',
    });
    return answer.ok ? decodeCallLog(await answer.json()) : undefined;
  } catch {
    return undefined;
  }
}
