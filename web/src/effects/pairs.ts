/**
 * The connections of one call, one pair per other participant, with what arrives over them. One call has one
 * `AbortSignal`; when it fires, every pair is closed.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { Role } from '../call/negotiation.ts';
import type { PairState } from '../call/recovery.ts';
import type { ControlFrame, IceConfig, ParticipantId, Signal } from '../protocol/wire.ts';
import { Pair, type PairFigures } from './pair.ts';
import type { Section } from './figures.ts';
import type { LocalTracks, Look } from './rtc.ts';

/** How long a restart waits for fresh TURN credentials before it takes the ones it has. */
const FRESH_ICE_WAIT_MS = 500;

/** What arrives from one participant, as streams that an element can play. */
export interface RemoteStreams {
  sound: MediaStream | undefined;
  camera: MediaStream | undefined;
  screen: MediaStream | undefined;
  screenSound: MediaStream | undefined;
}

/** Where the tracks of a section are found. */
const KEYS: Record<Section, keyof RemoteStreams> = {
  audio: 'sound',
  camera: 'camera',
  screen: 'screen',
  'screen-audio': 'screenSound',
};

/** What the pairs tell the page. */
export interface PairsOut {
  show: (participant: ParticipantId, state: PairState) => void;
  say: (participant: ParticipantId, signal: Signal) => void;
  wantIce: () => void;
  channelOpened: (participant: ParticipantId) => void;
  heard: (participant: ParticipantId, frame: ControlFrame) => void;
}

export class Pairs {
  readonly #pairs = new Map<ParticipantId, Pair>();
  readonly #streams = signal<ReadonlyMap<ParticipantId, RemoteStreams>>(new Map());
  readonly #out: PairsOut;
  readonly #ended: AbortSignal;
  readonly #iceWaiters = new Set<(ice: IceConfig) => void>();
  #tracks: LocalTracks;
  #ice: IceConfig;
  #hubAway: boolean;

  constructor(
    start: { tracks: LocalTracks; ice: IceConfig; hubAway: boolean },
    out: PairsOut,
    ended: AbortSignal,
  ) {
    this.#tracks = start.tracks;
    this.#ice = start.ice;
    this.#hubAway = start.hubAway;
    this.#out = out;
    this.#ended = ended;
    ended.addEventListener('abort', () => this.#closeAll(), { once: true });
  }

  get streams(): ReadonlySignal<ReadonlyMap<ParticipantId, RemoteStreams>> {
    return this.#streams;
  }

  open(participant: ParticipantId, role: Role, peerAway: boolean): void {
    if (this.#ended.aborted) return;
    this.close(participant);
    const pair = new Pair(
      role,
      { hub: this.#hubAway, peer: peerAway },
      {
        tracks: () => this.#tracks,
        ice: () => this.#ice,
        freshIce: () => this.#freshIce(),
        say: (said) => this.#out.say(participant, said),
        show: (state) => this.#out.show(participant, state),
        gotTrack: (section, track) => this.#gotTrack(participant, section, track),
        channelOpened: () => this.#out.channelOpened(participant),
        heard: (frame) => this.#out.heard(participant, frame),
      },
    );
    this.#pairs.set(participant, pair);
  }

  close(participant: ParticipantId): void {
    this.#pairs.get(participant)?.close();
    this.#pairs.delete(participant);
    const streams = new Map(this.#streams.value);
    if (streams.delete(participant)) this.#streams.value = streams;
  }

  hear(participant: ParticipantId, said: Signal): void {
    this.#pairs.get(participant)?.hear(said);
  }

  setPeerAway(participant: ParticipantId, isAway: boolean): void {
    this.#pairs.get(participant)?.setAway('peer', isAway);
  }

  setHubAway(isAway: boolean): void {
    this.#hubAway = isAway;
    for (const pair of this.#pairs.values()) pair.setAway('hub', isAway);
  }

  setTracks(tracks: LocalTracks): void {
    this.#tracks = tracks;
    for (const pair of this.#pairs.values()) pair.tracksChanged();
  }

  setIce(ice: IceConfig): void {
    this.#ice = ice;
    for (const resolve of this.#iceWaiters) resolve(ice);
    this.#iceWaiters.clear();
  }

  /** Over the control channel to one of them, or to all. */
  sayControl(to: ParticipantId | undefined, frames: readonly ControlFrame[]): void {
    const pairs = to === undefined ? this.#pairs.values() : [this.#pairs.get(to)];
    for (const pair of pairs) pair?.say(frames);
  }

  /** How loud each of them is now, in [0, 1]. */
  voiceLevels(): [ParticipantId, number][] {
    return [...this.#pairs].map(([participant, pair]) => [participant, pair.voiceLevel()]);
  }

  /** A look at each pair that has a connection. */
  async looks(): Promise<[ParticipantId, Look][]> {
    const looks: [ParticipantId, Look][] = [];
    for (const [participant, pair] of this.#pairs) {
      // A connection that is closed meanwhile has nothing to tell.
      const look = await pair.look().catch(() => undefined);
      if (look) looks.push([participant, look]);
    }
    return looks;
  }

  /** What flows on each pair that has a connection. */
  async figures(): Promise<Record<ParticipantId, PairFigures>> {
    const figures: Record<ParticipantId, PairFigures> = {};
    for (const [participant, pair] of this.#pairs) {
      const one = await pair.figures();
      if (one) figures[participant] = one;
    }
    return figures;
  }

  #freshIce(): Promise<IceConfig> {
    if (this.#hubAway) return Promise.resolve(this.#ice);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#iceWaiters.delete(done);
        resolve(this.#ice);
      };
      const timer = setTimeout(done, FRESH_ICE_WAIT_MS);
      this.#iceWaiters.add(done);
      this.#out.wantIce();
    });
  }

  #gotTrack(participant: ParticipantId, section: Section, track: MediaStreamTrack): void {
    const none = { sound: undefined, camera: undefined, screen: undefined, screenSound: undefined };
    const old = this.#streams.value.get(participant) ?? none;
    const streams = new Map(this.#streams.value);
    streams.set(participant, { ...old, [KEYS[section]]: new MediaStream([track]) });
    this.#streams.value = streams;
  }

  #closeAll(): void {
    for (const pair of this.#pairs.values()) pair.close();
    this.#pairs.clear();
    this.#streams.value = new Map();
  }
}
