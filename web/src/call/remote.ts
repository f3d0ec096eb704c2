/**
 * What the other side of a pair may make this one do: how often it may have a connection opened or ICE restarted, and
 * how many candidates it may name. A wish costs it one frame and this side sockets and signals; a candidate is checked
 * from every local address. Pure; the same bounds as `peer/src/pair/remote.rs`.
 */
import type { Signal } from '../protocol/wire.ts';
import { Allowance } from './allowance.ts';

/** Wishes granted at once, and each second after that. */
const WISHES = { burst: 6, per_second: 1 };
/** Candidates taken for one remote description; more than any host gathers. */
const CANDIDATES_MAX = 64;

export class Remote {
  readonly #wishes: Allowance;
  #candidates = 0;

  constructor(now_ms: number) {
    this.#wishes = new Allowance(now_ms, WISHES.burst, WISHES.per_second);
  }

  /** Whether a signal is taken; what is not is dropped, and recovery asks again when it was in earnest. */
  takes(now_ms: number, signal: Signal): boolean {
    switch (signal.kind) {
      case 'offer':
        this.#candidates = 0;
        return this.#wishes.take(now_ms);
      case 'negotiate':
        return this.#wishes.take(now_ms);
      case 'answer':
        this.#candidates = 0;
        return true;
      case 'candidate':
        this.#candidates += 1;
        return this.#candidates <= CANDIDATES_MAX;
    }
  }
}
