/**
 * The page's one loop: an event goes through the pure core, its effects are run here, and the view renders the state
 * that came out. Everything that touches the browser hangs on this.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { deadline_ms, newState, reduce } from '../call/reduce.ts';
import { isAway } from '../call/roster.ts';
import type { PageEffect, PageEvent, State } from '../call/state.ts';
import type { Quality } from '../call/quality.ts';
import type { IceConfig, ParticipantId } from '../protocol/wire.ts';
import { Alarm } from './alarm.ts';
import { now_ms, now_unix_ms, random, uuid } from './ambient.ts';
import { CallKeeper } from './keeper.ts';
import { LocalMedia } from './media.ts';
import { Pairs, type RemoteStreams } from './pairs.ts';
import { loadCalls, Prober } from './reach.ts';
import { Ringer } from './ring.ts';
import { connectionsMade } from './rtc.ts';
import { HubSocket } from './socket.ts';
import * as storage from './storage.ts';
import { Watch } from './watch.ts';

const NOBODY: ReadonlyMap<ParticipantId, RemoteStreams> = new Map();
const UNKNOWN: ReadonlyMap<ParticipantId, Quality> = new Map();
const UNTOLD: ReadonlyMap<ParticipantId, boolean> = new Map();
const SILENCE: ReadonlySet<ParticipantId> = new Set();

export class App {
  readonly #state = signal<State>(newState(uuid(), storage.recall()));
  readonly #pairs = signal<Pairs | undefined>(undefined);
  readonly #watch = signal<Watch | undefined>(undefined);
  readonly #waiting: PageEvent[] = [];
  #running = false;
  #ice: IceConfig = { servers: [] };
  #hubAway = true;
  #call: AbortController | undefined;

  readonly #alarm = new Alarm(() => this.dispatch({ event: 'tick', random: random() }));
  readonly #prober = new Prober(() => this.dispatch({ event: 'hub-answers' }));
  readonly #ringer = new Ringer();
  /** The call that is kept for the page after this one. */
  readonly keeper = new CallKeeper(() => this.dispatch({ event: 'call-moved' }));

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

  /** How loud one's own microphone is, from 0 to 1. */
  get level(): ReadonlySignal<number> {
    return this.#media.meter.level;
  }

  /** Who is speaking, oneself included; reading it in a view follows it. */
  speaking(): ReadonlySet<ParticipantId> {
    return this.#watch.value?.speaking.value ?? SILENCE;
  }

  /** How good the connections are; reading it in a view follows it. */
  quality(): ReadonlyMap<ParticipantId, Quality> {
    return this.#watch.value?.quality.value ?? UNKNOWN;
  }

  /** Whether media flows with each of them; reading it in a view follows it. */
  flowing(): ReadonlyMap<ParticipantId, boolean> {
    return this.#watch.value?.flowing.value ?? UNTOLD;
  }

  /** Says something in the chat. */
  readonly sendChat = (text: string): void => {
    this.dispatch({ event: 'chat-send', id: uuid(), text, now_unix_ms: now_unix_ms() });
  };

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
    const due_ms = deadline_ms(this.#state.value);
    this.#alarm.set(due_ms === undefined ? undefined : Math.max(0, Math.ceil(due_ms - now_ms())));
  }

  #run(effect: PageEffect): void {
    switch (effect.effect) {
      case 'open-socket':
        this.#prober.stop();
        return this.#socket.open(effect.socket);
      case 'close-socket':
        this.#prober.stop();
        return this.#socket.close();
      case 'probe-hub':
        return this.#prober.start();
      case 'send':
        return this.#socket.send(effect.frame);
      case 'show-path':
        return history.pushState(null, '', effect.room === undefined ? '/' : `/r/${effect.room}`);
      case 'remember-name':
        return storage.rememberName(effect.name);
      case 'remember-rooms':
        return storage.rememberRooms(effect.recent);
      case 'remember-device':
        return storage.rememberDevice(effect.kind, effect.id);
      case 'remember-speaker':
        return storage.rememberDevice('speaker', effect.id);
      case 'remember-guest':
        return storage.rememberGuest(effect.guest);
      case 'remember-calls-seen':
        return storage.rememberCallsSeen(effect.at_unix_ms);
      case 'store-call':
        return this.keeper.store(effect.stored);
      case 'forget-call':
        return this.keeper.forget();
      case 'take-call':
        return void this.keeper.take().then((stored) => this.dispatch({ event: 'call-taken', stored }));
      case 'read-call':
        return this.dispatch({ event: 'call-read', stored: this.keeper.latest() });
      case 'load-calls':
        return void loadCalls(effect.guest).then(
          (calls) => calls && this.dispatch({ event: 'calls-listed', calls }),
        );
      case 'ring':
        return this.#ringer.set(effect.ring);
      case 'open-devices':
        return void this.#media.open(effect);
      case 'mic-sends':
        return this.#media.setMicSends(effect.on);
      case 'capture':
        return this.#media.setCapture(effect.capture);
      case 'close-device':
        return this.#media.close(effect.kind);
      case 'switch-device':
        return void this.#media.change(effect.kind, effect.id);
      case 'open-screen':
        return void this.#media.screen.open();
      case 'close-screen':
        return this.#media.screen.close();
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
        this.#watch.value = undefined;
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
      case 'check-media': {
        const flowing = [...(this.#watch.value?.flowing.value ?? [])];
        const participants = flowing.flatMap(([id, flows]) => (flows ? [id] : []));
        return this.dispatch({ event: 'media-flows', participants });
      }
      case 'control-say':
        return pairs?.sayControl(effect.to, effect.frames);
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
        channelOpened: (participant) => this.dispatch({ event: 'channel-opened', participant }),
        heard: (participant, frame) =>
          this.dispatch({ event: 'channel-heard', participant, frame, now_unix_ms: now_unix_ms() }),
      },
      this.#call.signal,
    );
    this.#watch.value = new Watch(
      {
        voiceLevels: () => this.#voiceLevels(),
        looks: async () => (await this.#pairs.value?.looks()) ?? [],
        anyAway: () => {
          const { page } = this.#state.value;
          return page.at === 'call' && page.people.some(isAway);
        },
        sends: (participant) => this.#sends(participant),
        switches: (participant) => this.#switches(participant),
        sampled: (level, for_ms) => this.dispatch({ event: 'quality-sampled', level, for_ms }),
      },
      this.#call.signal,
    );
  }

  #voiceLevels(): [ParticipantId, number][] {
    const { page } = this.#state.value;
    const own: [ParticipantId, number][] = page.at === 'call' ? [[page.you, this.#media.meter.loudness]] : [];
    return [...own, ...(this.#pairs.value?.voiceLevels() ?? [])];
  }

  #sends(participant: ParticipantId): boolean {
    const { page } = this.#state.value;
    const person = page.at === 'call' && page.people.find(({ id }) => id === participant);
    return person !== false && person !== undefined && (person.media.audio || person.media.camera);
  }

  #switches(participant: ParticipantId): string {
    const { page } = this.#state.value;
    const person = page.at === 'call' && page.people.find(({ id }) => id === participant);
    return person ? `${person.media.camera} ${person.media.screen}` : '';
  }
}

type CallEffect = Extract<
  PageEffect,
  {
    effect:
      | 'begin-call'
      | 'end-call'
      | 'use-ice'
      | 'hub-reachable'
      | 'open-pair'
      | 'close-pair'
      | 'pair-away'
      | 'pair-back'
      | 'pair-hears'
      | 'check-media'
      | 'control-say';
  }
>;
