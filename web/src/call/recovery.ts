/**
 * When a pair of participants restarts ICE or builds a new connection: the first rungs of the recovery ladder, one
 * pure machine per pair.
 *
 * ICE `disconnected` for 3 s or `failed` at once asks for an ICE restart, again every 6 s until ICE is connected; a
 * connection that does not connect within 10 s, or died without a word, is built anew. While the hub or the other
 * side is away nothing is asked for (nobody would hear it); what fell due meanwhile is asked for on return.
 *
 * The same machine as `peer/src/recovery/`; the golden vectors in `tests/vectors/recovery/` hold the two together.
 */
import {
  CONNECT_TIMEOUT_MS,
  DISCONNECTED_GRACE_MS,
  RESTART_RETRY_MS,
  type NegotiateReason,
} from '../protocol/wire.ts';

/** What happened. */
export type RecoveryInput =
  /** A new connection was created. */
  | { input: 'opened' }
  /**
   * ICE of the current connection changed its state. `connected` and `completed` count only with DTLS up too, so they
   * are fed when `RTCPeerConnection.connectionState` is `connected`: a handshake that hangs over a good path must not
   * look like a connection.
   */
  | { input: 'ice'; state: RTCIceConnectionState }
  /** The current connection died without a word. */
  | { input: 'lost' }
  /** The hub says that the other side's socket is lost, or back. */
  | { input: 'peer-away' | 'peer-back' }
  /** The own socket to the hub is lost, or back. */
  | { input: 'hub-away' | 'hub-back' }
  /** The time of `deadline_ms()` has come. */
  | { input: 'tick' };

/** What to ask the negotiation for: an ICE restart, or a new connection. */
export interface RecoveryEffect {
  effect: 'restart' | 'rebuild';
  reason: NegotiateReason;
}

/** What is shown of a pair. */
export type PairState = 'connecting' | 'connected' | 'reconnecting' | 'peer-disconnected';

type Phase =
  /** A new connection has until then to connect. */
  | { is: 'connecting'; until_ms: number }
  | { is: 'connected' }
  /** ICE is not connected; a restart is due then, for this reason. */
  | { is: 'down'; restart_at_ms: number; reason: NegotiateReason }
  /** The connection is dead; a new one is due. */
  | { is: 'lost'; rebuild_at_ms: number };

/** The recovery of one pair; made anew when the other side's incarnation rises. */
export class Recovery {
  #phase: Phase;
  #peerAway = false;
  #hubAway = false;
  #wasConnected = false;

  /** A pair that met at `now_ms`. */
  constructor(now_ms: number) {
    this.#phase = { is: 'connecting', until_ms: now_ms + CONNECT_TIMEOUT_MS };
  }

  /** Takes one input at `now_ms` (any clock that does not go back) and returns what to ask for. */
  handle(now_ms: number, input: RecoveryInput): RecoveryEffect[] {
    switch (input.input) {
      case 'opened':
        this.#phase = { is: 'connecting', until_ms: now_ms + CONNECT_TIMEOUT_MS };
        break;
      case 'ice':
        this.#ice(now_ms, input.state);
        break;
      case 'lost':
        this.#phase = { is: 'lost', rebuild_at_ms: now_ms };
        break;
      case 'peer-away':
        this.#peerAway = true;
        break;
      case 'hub-away':
        this.#hubAway = true;
        break;
      case 'peer-back':
        this.#peerAway = false;
        this.#back(now_ms);
        break;
      case 'hub-back':
        this.#hubAway = false;
        this.#back(now_ms);
        break;
      case 'tick':
        break;
    }
    return this.#askIfDue(now_ms);
  }

  /** When to feed `tick`, if at all. */
  deadline_ms(): number | undefined {
    if (this.#peerAway || this.#hubAway) return undefined;
    switch (this.#phase.is) {
      case 'connecting':
        return this.#phase.until_ms;
      case 'down':
        return this.#phase.restart_at_ms;
      case 'lost':
        return this.#phase.rebuild_at_ms;
      case 'connected':
        return undefined;
    }
  }

  /** What to show. */
  state(): PairState {
    if (this.#phase.is === 'connected') return 'connected';
    if (this.#peerAway) return 'peer-disconnected';
    return this.#wasConnected ? 'reconnecting' : 'connecting';
  }

  #ice(now_ms: number, state: RTCIceConnectionState): void {
    const phase = this.#phase;
    switch (state) {
      case 'connected':
      case 'completed':
        if (phase.is === 'connecting' || phase.is === 'down') {
          this.#phase = { is: 'connected' };
          this.#wasConnected = true;
        }
        break;
      case 'disconnected':
        if (phase.is === 'connected') {
          const restart_at_ms = now_ms + DISCONNECTED_GRACE_MS;
          this.#phase = { is: 'down', restart_at_ms, reason: 'ice-disconnected' };
        }
        break;
      case 'failed':
        if (phase.is === 'connected' || (phase.is === 'down' && phase.reason === 'ice-disconnected')) {
          this.#phase = { is: 'down', restart_at_ms: now_ms, reason: 'ice-failed' };
        } else if (phase.is === 'connecting') {
          // Checks that failed before the first connection: a new one now, not at the end of its time.
          phase.until_ms = now_ms;
        }
        break;
      case 'closed':
        this.#phase = { is: 'lost', rebuild_at_ms: now_ms };
        break;
      case 'new':
      case 'checking':
        break;
    }
  }

  /**
   * Signals get through again: a connection being set up has its whole time before it, a restart under way is repeated
   * at once, since its offer may be lost.
   */
  #back(now_ms: number): void {
    if (this.#peerAway || this.#hubAway) return;
    if (this.#phase.is === 'connecting') this.#phase.until_ms = now_ms + CONNECT_TIMEOUT_MS;
    if (this.#phase.is === 'down' && this.#phase.reason === 'restart-timed-out')
      this.#phase.restart_at_ms = now_ms;
  }

  #askIfDue(now_ms: number): RecoveryEffect[] {
    const deadline_ms = this.deadline_ms();
    if (deadline_ms === undefined || now_ms < deadline_ms) return [];
    const phase = this.#phase;
    if (phase.is === 'down') {
      const restart_at_ms = now_ms + RESTART_RETRY_MS;
      this.#phase = { is: 'down', restart_at_ms, reason: 'restart-timed-out' };
      return [{ effect: 'restart', reason: phase.reason }];
    }
    this.#phase = { is: 'connecting', until_ms: now_ms + CONNECT_TIMEOUT_MS };
    return [{ effect: 'rebuild', reason: phase.is === 'lost' ? 'connection-lost' : 'never-connected' }];
  }
}
