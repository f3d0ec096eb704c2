/**
 * The page's one loop: an event goes through the pure core, its effects are run here, and the view renders the state
 * that came out. Everything that touches the browser hangs on this.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { deadline_ms, newState, reduce } from '../call/reduce.ts';
import type { PageEffect, PageEvent, State } from '../call/state.ts';
import type { IceConfig, ParticipantId } from '../protocol/wire.ts';
import { now_ms, random, uuid } from './ambient.ts';
import { LocalMedia } from './media.ts';
import { Pairs, type RemoteStreams } from './pairs.ts';
import { connectionsMade } from './rtc.ts';
import { HubSocket } from './socket.ts';
import * as storage from './storage.ts';

const NOBODY: ReadonlyMap<ParticipantId, RemoteStreams> = new Map();

export class App {
  readonly #state = signal<State>(newState(uuid(), storage.recall()));
  readonly #pairs = signal<Pairs | undefined>(undefined);
  readonly #waiting: PageEvent[] = [];
  #running = false;
  #timer: number | undefined;
  #ice: IceConfig = { servers: [] };
  #hubAway = true;
  #call: AbortController | undefined;

  readonly #socket = new HubSocket({
    opened: (socket) => this.dispatch({ event: 'socket-opened', socket }),
    heard: (socket, frame) => this.dispatch({ event: 'frame', socket, frame }),
    closed: (socket, code) => this.dispatch({ event: 'socket-closed', socket, code, random: random() }),
  });

  readonly #media = new LocalMedia({
    dispatch: (event) => this.dispatch(event),
    tracksChanged: (tracks) => this.#pairs.value?.setTracks(tracks),
  });

  get state(): ReadonlySignal<State> {
    return this.#state;
  }

  /** One's own picture. */
  get preview(): ReadonlySignal<MediaStream | undefined> {
    return this.#media.preview;
  }

  /** What arrives from the others; reading it in a view follows it. */
  streams(): ReadonlyMap<ParticipantId, RemoteStreams> {
    return this.#pairs.value?.streams.value ?? NOBODY;
  }

  /** Events are taken one after the other, also those that an effect causes at once. */
  readonly dispatch = (event: PageEvent): void => {
    this.#waiting.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        const [state, effects] = reduce(this.#state.value, now_ms(), next);
        this.#state.value = state;
        for (const effect of effects) this.#run(effect);
      }
    } finally {
      this.#running = false;
      this.#setTimer();
    }
  };

  /** For tests and fault-finding: what flows on each pair. */
  async figures(): Promise<object> {
    return { connections_made: connectionsMade(), pairs: (await this.#pairs.value?.figures()) ?? {} };
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const due_ms = deadline_ms(this.#state.value);
    if (due_ms === undefined) return;
    const tick = () => this.dispatch({ event: 'tick', random: random() });
    this.#timer = window.setTimeout(tick, Math.max(0, Math.ceil(due_ms - now_ms())));
  }

  #run(effect: PageEffect): void {
    switch (effect.effect) {
      case 'open-socket':
        return this.#socket.open(effect.socket);
      case 'close-socket':
        return this.#socket.close();
      case 'send':
        return this.#socket.send(effect.frame);
      case 'show-path':
        return history.pushState(null, '', effect.room === undefined ? '/' : `/r/${effect.room}`);
      case 'remember-name':
        return storage.rememberName(effect.name);
      case 'remember-device':
        return storage.rememberDevice(effect.kind, effect.id);
      case 'remember-guest':
        return storage.rememberGuest(effect.guest);
      case 'open-devices':
        return void this.#media.open(effect);
      case 'mic-sends':
        return this.#media.setMicSends(effect.on);
      case 'close-device':
        return this.#media.close(effect.kind);
      default:
        return this.#runInCall(effect);
    }
  }

  #runInCall(effect: CallEffect): void {
    const pairs = this.#pairs.value;
    switch (effect.effect) {
      case 'begin-call':
        return this.#beginCall();
      case 'end-call':
        this.#call?.abort();
        this.#pairs.value = undefined;
        return;
      case 'use-ice':
        this.#ice = effect.ice;
        return pairs?.setIce(effect.ice);
      case 'hub-reachable':
        this.#hubAway = !effect.reachable;
        return pairs?.setHubAway(this.#hubAway);
      case 'open-pair':
        return pairs?.open(effect.participant, effect.role, effect.away);
      case 'close-pair':
        return pairs?.close(effect.participant);
      case 'pair-away':
      case 'pair-back':
        return pairs?.setPeerAway(effect.participant, effect.effect === 'pair-away');
      case 'pair-hears':
        return pairs?.hear(effect.participant, effect.signal);
    }
  }

  #beginCall(): void {
    this.#call = new AbortController();
    this.#pairs.value = new Pairs(
      { tracks: this.#media.tracks, ice: this.#ice, hubAway: this.#hubAway },
      {
        show: (participant, state) => this.dispatch({ event: 'pair-state', participant, state }),
        say: (participant, said) => this.dispatch({ event: 'pair-says', participant, signal: said }),
        wantIce: () => this.dispatch({ event: 'ice-wanted' }),
      },
      this.#call.signal,
    );
  }
}

type CallEffect = Exclude<
  PageEffect,
  {
    effect:
      | 'open-socket'
      | 'close-socket'
      | 'send'
      | 'show-path'
      | 'remember-name'
      | 'remember-device'
      | 'remember-guest'
      | 'open-devices'
      | 'mic-sends'
      | 'close-device';
  }
>;
