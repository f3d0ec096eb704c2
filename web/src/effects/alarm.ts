/**
 * The page's one timer. Browsers let a hidden page's timers fire once a minute, which is too seldom for heartbeats: a
 * page in the background must stay there to be called. A worker's timers go on, so while hidden it keeps the time.
 */
export class Alarm {
  readonly #ring: () => void;
  #timer: number | undefined;
  #worker: Worker | undefined;
  #due_ms: number | undefined;

  constructor(ring: () => void) {
    this.#ring = ring;
    document.addEventListener('visibilitychange', () => this.#hand());
  }

  /** Rings after `wait_ms`; what was set before is forgotten. Undefined: not at all. */
  set(wait_ms: number | undefined): void {
    clearTimeout(this.#timer);
    this.#due_ms = wait_ms === undefined ? undefined : performance.now() + wait_ms;
    if (wait_ms !== undefined) this.#timer = window.setTimeout(this.#ring, wait_ms);
    this.#hand();
  }

  #hand(): void {
    if (!document.hidden && !this.#worker) return;
    this.#worker ??= this.#hire();
    const wait_ms = this.#due_ms === undefined ? undefined : Math.max(0, this.#due_ms - performance.now());
    this.#worker?.postMessage(document.hidden ? wait_ms : undefined);
  }

  #hire(): Worker | undefined {
    try {
      const worker = new Worker(new URL('./alarm.worker.ts', import.meta.url), { type: 'module' });
      worker.onmessage = () => this.#ring();
      return worker;
    } catch {
      return undefined;
    }
  }
}
