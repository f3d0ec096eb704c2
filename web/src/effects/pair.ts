/**
 * One other participant: runs what the two pure machines of the pair (`call/negotiation.ts`, `call/recovery.ts`)
 * ask for on a peer connection, and tells them what came of it. Decides nothing itself.
 */
import {
  Negotiation,
  type NegotiationEffect,
  type NegotiationInput,
  type Role,
} from '../call/negotiation.ts';
import { Allowance } from '../call/allowance.ts';
import { Outbox } from '../call/outbox.ts';
import { Remote } from '../call/remote.ts';
import { Recovery, type PairState, type RecoveryInput } from '../call/recovery.ts';
import { decodeControlFrame, encodeControlFrame } from '../protocol/control.ts';
import type { ConnectionId, ControlFrame, IceConfig, Signal } from '../protocol/wire.ts';
import { now_ms, uuid } from './ambient.ts';
import type { RtcFigures, Section } from './figures.ts';
import { RtcConnection, type LocalTracks, type Look, type RtcEvent } from './rtc.ts';

/** What a pair needs from the call around it. */
export interface Surroundings {
  tracks: () => LocalTracks;
  /** The servers known by now, and fresh ones from the hub as soon as it gives them. */
  ice: () => IceConfig;
  freshIce: () => Promise<IceConfig>;
  say: (signal: Signal) => void;
  show: (state: PairState) => void;
  gotTrack: (section: Section, track: MediaStreamTrack) => void;
  /** The control channel of a new connection is open. */
  channelOpened: () => void;
  heard: (frame: ControlFrame) => void;
}

/** For diagnostics. */
export interface PairFigures extends RtcFigures {
  connection: ConnectionId;
}

export class Pair {
  readonly #negotiation: Negotiation;
  readonly #recovery = new Recovery(now_ms());
  readonly #allowance = new Allowance(now_ms());
  readonly #remote = new Remote(now_ms());
  readonly #around: Surroundings;
  #current: { id: ConnectionId; rtc: RtcConnection; outbox: Outbox } | undefined;
  #shown: PairState | undefined;
  #away: { hub: boolean; peer: boolean };
  #timer: number | undefined;
  #closed = false;

  constructor(role: Role, away: { hub: boolean; peer: boolean }, around: Surroundings) {
    this.#negotiation = new Negotiation(role);
    this.#around = around;
    this.#away = away;
    if (away.hub) this.#recover({ input: 'hub-away' });
    if (away.peer) this.#recover({ input: 'peer-away' });
    if (away.hub || away.peer) this.#negotiate({ input: 'pause' });
    this.#negotiate({ input: 'start' });
  }

  /** The other side said something. */
  hear(signal: Signal): void {
    if (this.#remote.takes(now_ms(), signal)) this.#negotiate({ input: 'remote', signal });
  }

  /** The hub, or the other side's socket, is away or back: signals get through only when both are there. */
  setAway(who: 'hub' | 'peer', isAway: boolean): void {
    if (this.#away[who] === isAway) return;
    const wereThere = !this.#away.hub && !this.#away.peer;
    this.#away = { ...this.#away, [who]: isAway };
    const areThere = !this.#away.hub && !this.#away.peer;
    if (wereThere !== areThere) this.#negotiate({ input: areThere ? 'resume' : 'pause' });
    this.#recover({ input: `${who}-${isAway ? 'away' : 'back'}` });
  }

  /** One's own tracks changed. */
  tracksChanged(): void {
    this.#current?.rtc.send(this.#around.tracks()).catch((error: unknown) => {
      console.warn('a track could not be sent', error);
    });
  }

  /** Over the control channel, now or when the path is there again. */
  say(frames: readonly ControlFrame[]): void {
    for (const frame of frames) this.#write(this.#current?.outbox.say(frame));
  }

  /** How loud the other side is now, in [0, 1]. */
  voiceLevel(): number {
    return this.#current?.rtc.voiceLevel() ?? 0;
  }

  async look(): Promise<Look | undefined> {
    return this.#current?.rtc.look(now_ms());
  }

  async figures(): Promise<PairFigures | undefined> {
    if (!this.#current) return undefined;
    const { id, rtc } = this.#current;
    return { connection: id, ...(await rtc.figures()) };
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#current?.rtc.close();
    this.#current = undefined;
  }

  #negotiate(input: NegotiationInput): void {
    if (this.#closed) return;
    for (const effect of this.#negotiation.handle(now_ms(), input)) this.#run(effect);
    this.#settle();
  }

  #recover(input: RecoveryInput): void {
    if (this.#closed) return;
    for (const { effect, reason } of this.#recovery.handle(now_ms(), input)) {
      this.#negotiate({ input: effect, reason });
    }
    this.#settle();
  }

  /** Shows the state when it is another one, and sets the one timer of the pair. */
  #settle(): void {
    if (this.#closed) return;
    const state = this.#recovery.state();
    if (state !== this.#shown) this.#around.show(state);
    this.#shown = state;
    clearTimeout(this.#timer);
    const due_ms = Math.min(
      this.#negotiation.deadline_ms() ?? Infinity,
      this.#recovery.deadline_ms() ?? Infinity,
    );
    if (due_ms === Infinity) return;
    const wait_ms = Math.max(0, Math.ceil(due_ms - now_ms()));
    this.#timer = window.setTimeout(() => {
      this.#negotiate({ input: 'tick' });
      this.#recover({ input: 'tick' });
    }, wait_ms);
  }

  #run(effect: NegotiationEffect): void {
    switch (effect.effect) {
      case 'want-connection':
        return this.#negotiate({ input: 'open', connection: uuid() });
      case 'create-connection':
        return this.#create(effect.connection);
      case 'close-connection':
        if (this.#current?.id !== effect.connection) return;
        this.#current.rtc.close();
        this.#current = undefined;
        return;
      case 'make-offer':
        return this.#describe(effect, effect.ice_restart, (rtc) => rtc.makeOffer(effect.ice_restart));
      case 'apply-offer':
        return this.#describe(effect, effect.generation > 1, (rtc) => rtc.applyOffer(effect.sdp));
      case 'apply-answer':
        return this.#describe(effect, false, (rtc) => rtc.applyAnswer(effect.sdp));
      case 'add-candidate':
        this.#rtc(effect.connection)
          ?.addCandidate(effect.candidate)
          // One candidate less; the others may do.
          .catch((error: unknown) => console.debug('a candidate was not taken', error));
        return;
      case 'send':
        return this.#around.say(effect.signal);
    }
  }

  #create(id: ConnectionId): void {
    const rtc = new RtcConnection(this.#around.ice(), this.#around.tracks(), (event) => {
      // What a superseded connection still says is of no interest.
      if (this.#current?.id === id) this.#onRtc(id, event);
    });
    this.#current = { id, rtc, outbox: new Outbox() };
    this.#recover({ input: 'opened' });
  }

  #onRtc(connection: ConnectionId, event: RtcEvent): void {
    switch (event.event) {
      case 'candidate':
        return this.#negotiate({ input: 'local-candidate', connection, candidate: event.candidate });
      case 'ice':
        this.#write(this.#current?.outbox.path(event.state === 'connected' || event.state === 'completed'));
        return this.#recover({ input: 'ice', state: event.state });
      case 'channel-opened':
        this.#current?.outbox.opened();
        return this.#around.channelOpened();
      case 'channel-heard': {
        // Before it is looked at: looking is what costs.
        if (!this.#allowance.take(now_ms())) return;
        const frame = decodeControlFrame(event.text);
        if (frame) this.#around.heard(frame);
        return;
      }
      case 'track':
        return this.#around.gotTrack(event.section, event.track);
      case 'lost':
        return this.#recover({ input: 'lost' });
    }
  }

  #write(frames: readonly ControlFrame[] = []): void {
    for (const frame of frames) {
      const taken = this.#current?.rtc.write(encodeControlFrame(frame));
      if (!taken) console.warn('the control channel did not take a message');
    }
  }

  /** Works on a description; a restart gathers anew, so it gets fresh TURN credentials first. */
  #describe(
    { connection, generation }: { connection: ConnectionId; generation: number },
    gathersAnew: boolean,
    work: (rtc: RtcConnection) => Promise<string | void>,
  ): void {
    const run = async (rtc: RtcConnection) => {
      if (gathersAnew) rtc.useIce(await this.#around.freshIce());
      return work(rtc);
    };
    const rtc = this.#rtc(connection);
    if (!rtc) return;
    run(rtc).then(
      (sdp) => {
        if (sdp !== undefined) this.#negotiate({ input: 'described', connection, generation, sdp });
      },
      (error: unknown) => {
        if (this.#closed || this.#current?.id !== connection) return;
        console.warn('a description could not be applied', error);
        this.#negotiate({ input: 'failed', connection, generation });
      },
    );
  }

  #rtc(connection: ConnectionId): RtcConnection | undefined {
    return this.#current?.id === connection ? this.#current.rtc : undefined;
  }
}
