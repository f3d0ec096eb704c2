/**
 * How good a connection is, from what its counters say. Pure: `effects/watch.ts` reads the counters, `Window` turns
 * them into numbers over the last seconds, `levelOf` into what people see, and `CallRecord` into the line after the call.
 */

/** The counters of one pair at one moment; all of them only rise, except round trip and jitter. */
export interface Sample {
  at_ms: number;
  packets_received: number;
  packets_lost: number;
  /** The latest round trip; undefined until one was measured. */
  rtt_ms: number | undefined;
  /** The largest of the sections that are received. */
  jitter_ms: number;
  /** Time that received pictures have stood still. */
  freeze_ms: number;
}

export type Level = 'good' | 'fair' | 'poor';

/** What the last seconds were like. */
export interface Quality {
  level: Level;
  loss_percent: number;
  rtt_ms: number | undefined;
  jitter_ms: number;
  freeze_ms: number;
}

/** How far back the numbers look. */
export const WINDOW_MS = 10_000;
/** More samples than a window holds are not kept, however often they are taken. */
const SAMPLES_MAX = 32;

/** From these on a connection is fair, or poor: where speech begins to suffer, and where it is hard to follow. */
const BOUNDS: Record<'loss_percent' | 'rtt_ms' | 'jitter_ms' | 'freeze_ms', { fair: number; poor: number }> =
  {
    loss_percent: { fair: 3, poor: 10 },
    rtt_ms: { fair: 300, poor: 600 },
    jitter_ms: { fair: 50, poor: 120 },
    freeze_ms: { fair: 700, poor: 2_500 },
  };

export function levelOf(numbers: Omit<Quality, 'level'>): Level {
  const reached = (bound: 'fair' | 'poor') =>
    (Object.keys(BOUNDS) as (keyof typeof BOUNDS)[]).some(
      (which) => (numbers[which] ?? 0) >= BOUNDS[which][bound],
    );
  if (reached('poor')) return 'poor';
  return reached('fair') ? 'fair' : 'good';
}

/** The samples of one connection over the last seconds. */
export class Window {
  #samples: Sample[] = [];

  /** Takes the next sample; the answer is undefined until there are two to compare. */
  add(sample: Sample): Quality | undefined {
    const last = this.#samples.at(-1);
    // A new connection counts from zero again.
    if (last && sample.packets_received < last.packets_received) this.#samples = [];
    this.#samples.push(sample);
    // One older than the window stays, to count from.
    while (
      this.#samples.length > SAMPLES_MAX ||
      (this.#samples[1] && this.#samples[1].at_ms <= sample.at_ms - WINDOW_MS)
    ) {
      this.#samples.shift();
    }
    const first = this.#samples[0];
    if (!first || first === sample) return undefined;
    const received = sample.packets_received - first.packets_received;
    // Late packets can make the count of lost ones fall.
    const lost = Math.max(0, sample.packets_lost - first.packets_lost);
    const numbers = {
      loss_percent: received + lost === 0 ? 0 : (100 * lost) / (received + lost),
      rtt_ms: sample.rtt_ms,
      jitter_ms: sample.jitter_ms,
      freeze_ms: Math.max(0, sample.freeze_ms - first.freeze_ms),
    };
    return { level: levelOf(numbers), ...numbers };
  }
}

/** The worst of several; undefined for none. */
export function worst(levels: Iterable<Level>): Level | undefined {
  const all = new Set(levels);
  return (['poor', 'fair', 'good'] as const).find((level) => all.has(level));
}

/** A call so far: since when, and how long it was how good. */
export interface CallRecord {
  since_ms: number;
  spent_ms: { [level in Level]: number };
}

/** A call as it is remembered after it. */
export interface Summary {
  duration_ms: number;
  /** Undefined when nobody else was there long enough to tell. */
  quality: { level: Level; good_percent: number } | undefined;
}

export function newRecord(now_ms: number): CallRecord {
  return { since_ms: now_ms, spent_ms: { good: 0, fair: 0, poor: 0 } };
}

/** Counts a stretch of time. */
export function spend(record: CallRecord, level: Level, for_ms: number): CallRecord {
  const spent_ms = { ...record.spent_ms, [level]: record.spent_ms[level] + for_ms };
  return { ...record, spent_ms };
}

/** Good when nine tenths of the time were; poor when a quarter of it was. */
export function summary({ since_ms, spent_ms }: CallRecord, now_ms: number): Summary {
  const { good, fair, poor } = spent_ms;
  const total = good + fair + poor;
  const duration_ms = Math.max(0, now_ms - since_ms);
  if (total === 0) return { duration_ms, quality: undefined };
  const level = poor / total >= 0.25 ? 'poor' : good / total >= 0.9 ? 'good' : 'fair';
  return { duration_ms, quality: { level, good_percent: Math.round((100 * good) / total) } };
}
