/**
 * Looks at the connections of one call at fixed times: who is speaking, how good each connection is, and whether media
 * flows over it both ways.
 */
import { signal, type ReadonlySignal } from '@preact/signals';
import { Flow } from '../call/flow.ts';
import { Window, worst, type Level, type Quality, type Sample } from '../call/quality.ts';
import { SILENT, hear, type Voice } from '../call/speaking.ts';
import type { ParticipantId } from '../protocol/wire.ts';
import { now_ms } from './ambient.ts';
import type { Look } from './rtc.ts';

const VOICES_EVERY_MS = 200;
const QUALITY_EVERY_MS = 2_000;
/** While somebody is away, so that a picture that stands still is soon known for what it is. */
const FLOW_EVERY_MS = 500;

/** What there is to look at. */
export interface Sights {
  /** How loud everyone is, oneself included, in [0, 1]. */
  voiceLevels: () => [ParticipantId, number][];
  looks: () => Promise<[ParticipantId, Look][]>;
  /** Whether the hub has lost somebody's socket. */
  anyAway: () => boolean;
  /** Whether the participant says that it sends something. */
  sends: (participant: ParticipantId) => boolean;
  /** Another text means that the participant switched something on or off, which looks like a frozen picture. */
  switches: (participant: ParticipantId) => string;
  /** The worst connection of the last `for_ms`. */
  sampled: (level: Level, for_ms: number) => void;
}

export class Watch {
  readonly #sights: Sights;
  readonly #speaking = signal<ReadonlySet<ParticipantId>>(new Set());
  readonly #quality = signal<ReadonlyMap<ParticipantId, Quality>>(new Map());
  readonly #flowing = signal<ReadonlyMap<ParticipantId, boolean>>(new Map());
  #flows = new Map<ParticipantId, Flow>();
  #voices = new Map<ParticipantId, Voice>();
  #windows = new Map<ParticipantId, { window: Window; switches: string }>();
  #reading = false;

  constructor(sights: Sights, ended: AbortSignal) {
    this.#sights = sights;
    const voices = setInterval(() => this.#listen(), VOICES_EVERY_MS);
    const quality = setInterval(() => void this.#sample(ended), QUALITY_EVERY_MS);
    const flow = setInterval(() => {
      if (sights.anyAway()) void this.#look(ended).then((looks) => looks && this.#follow(looks));
    }, FLOW_EVERY_MS);
    ended.addEventListener('abort', () => {
      clearInterval(flow);
      clearInterval(voices);
      clearInterval(quality);
    });
  }

  get speaking(): ReadonlySignal<ReadonlySet<ParticipantId>> {
    return this.#speaking;
  }

  get quality(): ReadonlySignal<ReadonlyMap<ParticipantId, Quality>> {
    return this.#quality;
  }

  /** Whether media flows both ways; nobody is in it of whom it cannot be told yet. */
  get flowing(): ReadonlySignal<ReadonlyMap<ParticipantId, boolean>> {
    return this.#flowing;
  }

  #listen(): void {
    const now = now_ms();
    const levels = this.#sights.voiceLevels();
    this.#voices = new Map(
      levels.map(([id, level]) => [id, hear(this.#voices.get(id) ?? SILENT, now, level)]),
    );
    const speaking = [...this.#voices].flatMap(([id, voice]) => (voice.speaking ? [id] : []));
    const before = this.#speaking.value;
    const same = speaking.length === before.size && speaking.every((id) => before.has(id));
    if (!same) this.#speaking.value = new Set(speaking);
  }

  async #look(ended: AbortSignal): Promise<[ParticipantId, Look][] | undefined> {
    // A machine that is too slow for it gets fewer samples, not a pile of them.
    if (this.#reading) return undefined;
    this.#reading = true;
    const looks = await this.#sights.looks();
    this.#reading = false;
    return ended.aborted ? undefined : looks;
  }

  async #sample(ended: AbortSignal): Promise<void> {
    const looks = await this.#look(ended);
    if (!looks) return;
    this.#follow(looks);
    this.#judge(looks.map(([id, { sample }]) => [id, sample]));
  }

  #follow(looks: [ParticipantId, Look][]): void {
    const now = now_ms();
    const flows = new Map<ParticipantId, Flow>();
    const flowing = new Map<ParticipantId, boolean>();
    for (const [id, { flow }] of looks) {
      const known = this.#flows.get(id) ?? new Flow();
      known.look(now, flow);
      flows.set(id, known);
      const flows_now = known.flows(now, this.#sights.sends(id));
      if (flows_now !== undefined) flowing.set(id, flows_now);
    }
    this.#flows = flows;
    const before = this.#flowing.value;
    const same = flowing.size === before.size && [...flowing].every(([id, now]) => before.get(id) === now);
    if (!same) this.#flowing.value = flowing;
  }

  #judge(samples: [ParticipantId, Sample][]): void {
    const windows = new Map<ParticipantId, { window: Window; switches: string }>();
    const qualities = new Map<ParticipantId, Quality>();
    for (const [id, sample] of samples) {
      const switches = this.#sights.switches(id);
      const known = this.#windows.get(id);
      if (known?.switches !== switches) {
        const window = new Window();
        // The sample that follows a change still has the gap in it, so counting starts with the next.
        if (!known) window.add(sample);
        windows.set(id, { window, switches });
        const shown = this.#quality.value.get(id);
        if (shown) qualities.set(id, shown);
        continue;
      }
      windows.set(id, known);
      const quality = known.window.add(sample);
      const shown = quality ?? this.#quality.value.get(id);
      if (shown) qualities.set(id, shown);
    }
    this.#windows = windows;
    this.#quality.value = qualities;
    const level = worst([...qualities.values()].map((quality) => quality.level));
    if (level) this.#sights.sampled(level, QUALITY_EVERY_MS);
  }
}
