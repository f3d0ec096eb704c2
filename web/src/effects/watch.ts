/** Looks at the connections of one call at fixed times: who is speaking, and how good each connection is. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { Window, worst, type Level, type Quality, type Sample } from '../call/quality.ts';
import { SILENT, hear, type Voice } from '../call/speaking.ts';
import type { ParticipantId } from '../protocol/wire.ts';
import { now_ms } from './ambient.ts';

const VOICES_EVERY_MS = 200;
const QUALITY_EVERY_MS = 2_000;

/** What there is to look at. */
export interface Sights {
  /** How loud everyone is, oneself included, in [0, 1]. */
  voiceLevels: () => [ParticipantId, number][];
  samples: () => Promise<[ParticipantId, Sample][]>;
  /** Another text means that the participant switched something on or off, which looks like a frozen picture. */
  switches: (participant: ParticipantId) => string;
  /** The worst connection of the last `for_ms`. */
  sampled: (level: Level, for_ms: number) => void;
}

export class Watch {
  readonly #sights: Sights;
  readonly #speaking = signal<ReadonlySet<ParticipantId>>(new Set());
  readonly #quality = signal<ReadonlyMap<ParticipantId, Quality>>(new Map());
  #voices = new Map<ParticipantId, Voice>();
  #windows = new Map<ParticipantId, { window: Window; switches: string }>();
  #reading = false;

  constructor(sights: Sights, ended: AbortSignal) {
    this.#sights = sights;
    const voices = setInterval(() => this.#listen(), VOICES_EVERY_MS);
    const quality = setInterval(() => void this.#sample(ended), QUALITY_EVERY_MS);
    ended.addEventListener('abort', () => {
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

  async #sample(ended: AbortSignal): Promise<void> {
    // A machine that is too slow for it gets fewer samples, not a pile of them.
    if (this.#reading) return;
    this.#reading = true;
    const samples = await this.#sights.samples();
    this.#reading = false;
    if (ended.aborted) return;
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
