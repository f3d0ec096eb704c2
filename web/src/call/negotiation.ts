/**
 * Who offers, who answers, and when an offer is made again: one pure machine per pair of participants.
 *
 * One side of each pair, the participant with the smaller id, makes every offer; the other asks for one
 * (`negotiate`). So there is no glare and no rollback, by construction. Every offer opens or restarts ICE, hence an
 * offer in flight satisfies every wish for one that is older.
 *
 * The same machine as `peer/src/negotiation/`; the golden vectors in `tests/vectors/negotiation/` hold the two
 * together. Whoever drives it runs the effects in order and drops the events of any connection but the current one.
 */
import {
  CONNECT_TIMEOUT_MS,
  OFFER_TIMEOUT_MS,
  type ConnectionId,
  type IceCandidate,
  type NegotiateReason,
  type Signal,
} from '../protocol/wire.ts';

/** `offerer` is the participant with the smaller id. */
export type Role = 'offerer' | 'answerer';

/** What happened. */
export type NegotiationInput =
  /** The two met. */
  | { input: 'start' }
  /** A fresh id, in answer to `want-connection`. */
  | { input: 'open'; connection: ConnectionId }
  /** Recovery wants an ICE restart, or a new connection. */
  | { input: 'restart' | 'rebuild'; reason: NegotiateReason }
  /** The local description that `make-offer` or `apply-offer` asked for is set. */
  | { input: 'described'; connection: ConnectionId; generation: number; sdp: string }
  /** An effect on a description could not be done. */
  | { input: 'failed'; connection: ConnectionId; generation: number }
  /** A local candidate was gathered. */
  | { input: 'local-candidate'; connection: ConnectionId; candidate: IceCandidate }
  /** The other side said something. */
  | { input: 'remote'; signal: Signal }
  /** Signals do not get through: the own socket or the other's session is away; they do again. */
  | { input: 'pause' | 'resume' }
  /** The time of `deadline_ms()` has come. */
  | { input: 'tick' };

/** What to do, in order. */
export type NegotiationEffect =
  /** Mint a connection id and feed `open`. */
  | { effect: 'want-connection' }
  /** Build the peer connection with every media section it will ever have; close it for good. */
  | { effect: 'create-connection' | 'close-connection'; connection: ConnectionId }
  /** Create an offer, set it as local description, feed `described`. */
  | { effect: 'make-offer'; connection: ConnectionId; generation: number; ice_restart: boolean }
  /** `apply-offer`: set it, create an answer, set that, feed `described`. `apply-answer`: set it. */
  | { effect: 'apply-offer' | 'apply-answer'; connection: ConnectionId; generation: number; sdp: string }
  /** Add a remote candidate. */
  | { effect: 'add-candidate'; connection: ConnectionId; candidate: IceCandidate }
  /** Say this to the other side. */
  | { effect: 'send'; signal: Signal };

type Phase =
  | { is: 'offering' | 'answering' }
  | { is: 'offered'; sdp: string; resend_at_ms: number; resent: boolean }
  /** The answerer keeps its answer in case it was lost. */
  | { is: 'stable'; answer?: string }
  /** A description could not be applied: a new connection is wanted at the deadline, not in a hot loop. */
  | { is: 'broken'; rebuild_at_ms: number };

interface Connection {
  id: ConnectionId;
  generation: number;
  phase: Phase;
  /** Local candidates of this generation, to send with the description and again when it is sent again. */
  candidates: IceCandidate[];
}

type State =
  | { is: 'unmet' }
  /** Offerer: an id was asked for; the connection that it replaces, if any. */
  | { is: 'wanting'; replaced: ConnectionId | undefined }
  /** Answerer: no connection yet; asks at the deadline. */
  | { is: 'expecting'; ask_at_ms: number }
  | { is: 'open'; connection: Connection };

/** Local candidates kept per offer or answer; more than any host gathers. */
const CANDIDATES_MAX = 64;

/** The negotiation of one pair; made anew when the other side's incarnation rises. */
export class Negotiation {
  readonly #role: Role;
  #paused = false;
  #state: State = { is: 'unmet' };
  /** The connection before the current one: what is still said of it is old news. */
  #superseded: ConnectionId | undefined;

  constructor(role: Role) {
    this.#role = role;
  }

  /** Takes one input at `now_ms` (any clock that does not go back) and returns what to do, in order. */
  handle(now_ms: number, input: NegotiationInput): NegotiationEffect[] {
    switch (input.input) {
      case 'described':
        return this.#described(now_ms, input.connection, input.generation, input.sdp);
      case 'failed': {
        const connection = this.#current(input.connection, input.generation);
        if (connection) connection.phase = { is: 'broken', rebuild_at_ms: now_ms + OFFER_TIMEOUT_MS };
        return [];
      }
      case 'local-candidate':
        return this.#localCandidate(input.connection, input.candidate);
      case 'pause':
        this.#paused = true;
        return [];
      case 'resume':
        this.#paused = false;
        return this.#resume(now_ms);
      case 'tick': {
        const deadline_ms = this.deadline_ms();
        if (deadline_ms === undefined || now_ms < deadline_ms) return [];
        break;
      }
      case 'remote':
        if (input.signal.kind === 'candidate') return this.#remoteCandidate(input.signal);
        break;
    }
    return this.#role === 'offerer' ? this.#asOfferer(now_ms, input) : this.#asAnswerer(now_ms, input);
  }

  /** When to feed `tick`, if at all. */
  deadline_ms(): number | undefined {
    if (this.#paused) return undefined;
    if (this.#state.is === 'expecting') return this.#state.ask_at_ms;
    if (this.#state.is !== 'open') return undefined;
    const { phase } = this.#state.connection;
    if (phase.is === 'offered') return phase.resend_at_ms;
    return phase.is === 'broken' ? phase.rebuild_at_ms : undefined;
  }

  // The half that makes every offer.

  #asOfferer(now_ms: number, input: NegotiationInput): NegotiationEffect[] {
    switch (input.input) {
      case 'start':
      case 'rebuild':
        return this.#wantConnection();
      case 'open':
        return this.#open(input.connection);
      case 'restart':
        return this.#restart();
      case 'tick':
        return this.#offerTimedOut(now_ms);
      case 'remote':
        if (input.signal.kind === 'answer') return this.#takeAnswer(input.signal);
        return input.signal.kind === 'negotiate' ? this.#asked(input.signal) : [];
      default:
        return [];
    }
  }

  #wantConnection(): NegotiationEffect[] {
    if (this.#state.is === 'wanting') return [];
    this.#state = {
      is: 'wanting',
      replaced: this.#state.is === 'open' ? this.#state.connection.id : undefined,
    };
    return [{ effect: 'want-connection' }];
  }

  #open(id: ConnectionId): NegotiationEffect[] {
    if (this.#state.is !== 'wanting') return [];
    const replaced = this.#state.replaced;
    const effects = this.#replace(replaced, id, 'offering');
    return [...effects, { effect: 'make-offer', connection: id, generation: 1, ice_restart: false }];
  }

  #restart(): NegotiationEffect[] {
    // The offer in flight, or the one about to be made, is as good.
    if (this.#state.is === 'wanting') return [];
    if (this.#state.is !== 'open') return this.#wantConnection();
    const { connection } = this.#state;
    if (connection.phase.is !== 'stable') return [];
    nextGeneration(connection, connection.generation + 1, 'offering');
    const { id, generation } = connection;
    return [{ effect: 'make-offer', connection: id, generation, ice_restart: true }];
  }

  #takeAnswer(signal: Signal & { kind: 'answer' }): NegotiationEffect[] {
    const connection = this.#current(signal.connection, signal.generation);
    if (connection?.phase.is !== 'offered') return [];
    connection.phase = { is: 'stable' };
    const { connection: id, generation, sdp } = signal;
    return [{ effect: 'apply-answer', connection: id, generation, sdp }];
  }

  /** What the other side has seen tells whether a later offer is on its way to it already. */
  #asked(signal: Signal & { kind: 'negotiate' }): NegotiationEffect[] {
    if (this.#state.is !== 'open') return this.#wantConnection();
    const { connection } = this.#state;
    const upToDate = signal.connection === connection.id && signal.generation === connection.generation;
    if (!wantsNewConnection(signal.reason)) return upToDate ? this.#restart() : [];
    const hasNothing = signal.connection === null && connection.phase.is === 'stable';
    return upToDate || hasNothing ? this.#wantConnection() : [];
  }

  #offerTimedOut(now_ms: number): NegotiationEffect[] {
    if (this.#state.is !== 'open') return [];
    const { connection } = this.#state;
    const { phase } = connection;
    if (phase.is === 'offered' && !phase.resent) return offer(connection, now_ms, phase.sdp, true);
    return phase.is === 'offered' || phase.is === 'broken' ? this.#wantConnection() : [];
  }

  // The half that answers, and asks when it needs an offer.

  #asAnswerer(now_ms: number, input: NegotiationInput): NegotiationEffect[] {
    switch (input.input) {
      case 'start':
        if (this.#state.is === 'unmet')
          this.#state = { is: 'expecting', ask_at_ms: now_ms + CONNECT_TIMEOUT_MS };
        return [];
      case 'restart':
      case 'rebuild':
        return [this.#ask(input.reason)];
      case 'tick':
        return this.#waitedInVain(now_ms);
      case 'remote':
        return input.signal.kind === 'offer' ? this.#takeOffer(input.signal) : [];
      default:
        return [];
    }
  }

  #ask(reason: NegotiateReason): NegotiationEffect {
    const open = this.#state.is === 'open' ? this.#state.connection : undefined;
    const signal: Signal = {
      kind: 'negotiate',
      connection: open?.id ?? null,
      generation: open?.generation ?? 0,
      reason,
    };
    return { effect: 'send', signal };
  }

  #takeOffer({ connection: id, generation, sdp }: Signal & { kind: 'offer' }): NegotiationEffect[] {
    const apply: NegotiationEffect = { effect: 'apply-offer', connection: id, generation, sdp };
    const open = this.#state.is === 'open' ? this.#state.connection : undefined;
    if (open?.id === id) {
      if (generation <= open.generation) return answerAgain(open, generation);
      nextGeneration(open, generation, 'answering');
      return [apply];
    }
    if (this.#superseded === id) return [];
    // A restart of a connection that this side does not have.
    if (generation !== 1) return [this.#ask('connection-lost')];
    return [...this.#replace(open?.id, id, 'answering'), apply];
  }

  #waitedInVain(now_ms: number): NegotiationEffect[] {
    if (this.#state.is === 'expecting') {
      this.#state.ask_at_ms = now_ms + CONNECT_TIMEOUT_MS;
      return [this.#ask('no-offer')];
    }
    if (this.#state.is === 'open' && this.#state.connection.phase.is === 'broken') {
      this.#state.connection.phase.rebuild_at_ms = now_ms + CONNECT_TIMEOUT_MS;
      return [this.#ask('connection-lost')];
    }
    return [];
  }

  // Both halves.

  /** The current connection, if it is that one in that generation. */
  #current(id: ConnectionId, generation: number): Connection | undefined {
    if (this.#state.is !== 'open') return undefined;
    const { connection } = this.#state;
    return connection.id === id && connection.generation === generation ? connection : undefined;
  }

  #replace(
    old: ConnectionId | undefined,
    id: ConnectionId,
    phase: 'offering' | 'answering',
  ): NegotiationEffect[] {
    this.#superseded = old;
    this.#state = { is: 'open', connection: { id, generation: 1, phase: { is: phase }, candidates: [] } };
    const create: NegotiationEffect = { effect: 'create-connection', connection: id };
    return old === undefined ? [create] : [{ effect: 'close-connection', connection: old }, create];
  }

  #described(now_ms: number, id: ConnectionId, generation: number, sdp: string): NegotiationEffect[] {
    const connection = this.#current(id, generation);
    if (connection?.phase.is === 'offering') return offer(connection, now_ms, sdp, false);
    return connection?.phase.is === 'answering' ? answer(connection, sdp) : [];
  }

  #localCandidate(id: ConnectionId, candidate: IceCandidate): NegotiationEffect[] {
    if (this.#state.is !== 'open') return [];
    const { connection } = this.#state;
    if (connection.id !== id || connection.candidates.length >= CANDIDATES_MAX) return [];
    connection.candidates.push(candidate);
    // Before the description it belongs to is out, it waits for it.
    const out = connection.phase.is === 'offered' || connection.phase.is === 'stable';
    return out ? [sendCandidate(connection, candidate)] : [];
  }

  #remoteCandidate({
    connection: id,
    generation,
    candidate,
  }: Signal & { kind: 'candidate' }): NegotiationEffect[] {
    const phase = this.#current(id, generation)?.phase.is;
    if (phase !== 'stable' && phase !== 'answering') return [];
    return [{ effect: 'add-candidate', connection: id, candidate }];
  }

  /** What may have been lost while signals did not get through is said again. */
  #resume(now_ms: number): NegotiationEffect[] {
    if (this.#state.is === 'expecting') this.#state.ask_at_ms = now_ms + CONNECT_TIMEOUT_MS;
    if (this.#state.is !== 'open') return [];
    const { connection } = this.#state;
    return connection.phase.is === 'offered' ? offer(connection, now_ms, connection.phase.sdp, true) : [];
  }
}

/** Whether an ICE restart is not enough. */
function wantsNewConnection(reason: NegotiateReason): boolean {
  return reason === 'no-offer' || reason === 'never-connected' || reason === 'connection-lost';
}

function nextGeneration(connection: Connection, generation: number, phase: 'offering' | 'answering'): void {
  connection.generation = generation;
  connection.phase = { is: phase };
  connection.candidates = [];
}

function offer(connection: Connection, now_ms: number, sdp: string, resent: boolean): NegotiationEffect[] {
  connection.phase = { is: 'offered', sdp, resend_at_ms: now_ms + OFFER_TIMEOUT_MS, resent };
  return describe(connection, 'offer', sdp);
}

function answer(connection: Connection, sdp: string): NegotiationEffect[] {
  connection.phase = { is: 'stable', answer: sdp };
  return describe(connection, 'answer', sdp);
}

/** The same offer again means that the answer was lost. */
function answerAgain(connection: Connection, generation: number): NegotiationEffect[] {
  const sdp = connection.phase.is === 'stable' ? connection.phase.answer : undefined;
  return sdp !== undefined && generation === connection.generation ? answer(connection, sdp) : [];
}

/** Sends a description and the candidates known by now. */
function describe(connection: Connection, kind: 'offer' | 'answer', sdp: string): NegotiationEffect[] {
  const signal: Signal = { kind, connection: connection.id, generation: connection.generation, sdp };
  return [
    { effect: 'send', signal },
    ...connection.candidates.map((each) => sendCandidate(connection, each)),
  ];
}

function sendCandidate(connection: Connection, candidate: IceCandidate): NegotiationEffect {
  const { id, generation } = connection;
  return { effect: 'send', signal: { kind: 'candidate', connection: id, generation, candidate } };
}
