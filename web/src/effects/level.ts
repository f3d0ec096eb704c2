/** How loud one's own microphone is, read ten times a second while it is open. */
import { signal, type ReadonlySignal } from '@preact/signals';

const EVERY_MS = 100;
/** The quietest that the meter shows, in decibels of full scale. */
const FLOOR_DB = -60;
/** Steps of the meter; finer ones would only draw more often. */
const STEPS = 20;

export class LevelMeter {
  readonly #level = signal(0);
  #loudness = 0;
  #stop: (() => void) | undefined;

  /** For a meter: 0 is silence, 1 is full scale, even steps to the ear. */
  get level(): ReadonlySignal<number> {
    return this.#level;
  }

  /** The root mean square of the wave, in [0, 1]. */
  get loudness(): number {
    return this.#loudness;
  }

  /** Listens to another track, or to none. */
  listen(track: MediaStreamTrack | null): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#set(0);
    if (!track) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    const source = context.createMediaStreamSource(new MediaStream([track]));
    source.connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      this.#set(Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length));
    }, EVERY_MS);
    const gestures = new AbortController();
    // A page that nobody has touched yet may not run sound; it may from the first touch on.
    const resume = () => void context.resume();
    for (const gesture of ['pointerdown', 'keydown']) {
      document.addEventListener(gesture, resume, { signal: gestures.signal, once: true });
    }
    this.#stop = () => {
      clearInterval(timer);
      gestures.abort();
      source.disconnect();
      void context.close();
    };
  }

  #set(loudness: number): void {
    this.#loudness = loudness;
    const share = loudness === 0 ? 0 : 1 - (20 * Math.log10(loudness)) / FLOOR_DB;
    this.#level.value = Math.round(STEPS * Math.min(1, Math.max(0, share))) / STEPS;
  }
}
