/**
 * Keeps what it takes to come back to the call, for the page after this one. A Web Lock says which tab of the browser
 * the stored call belongs to; only its holder writes it where other tabs read it. The tab's own storage serves a
 * reload also where there are no locks (pages without TLS). What follows from it is `call/rejoin.ts`.
 */
import type { Found, StoredCall } from '../call/rejoin.ts';
import type { Target } from '../call/state.ts';
import { roomName } from '../call/names.ts';

const KEY = 'holdfast.call';
/** A page that was reloaded or closed gives its lock up a moment after the next one starts. */
const LOCK_WAIT_MS = { own: 1_500, other: 500 };

export class CallKeeper {
  readonly #stolen: () => void;
  #release: (() => void) | undefined;
  #asking = false;
  #taking: Promise<StoredCall | undefined> | undefined;
  #latest: StoredCall | undefined;

  /** `stolen` is told when another tab has taken the call. */
  constructor(stolen: () => void) {
    this.#stolen = stolen;
  }

  /** What an earlier page, or another tab, has left. */
  async find(): Promise<Found | undefined> {
    const own = read(() => sessionStorage);
    const shared = read(() => localStorage);
    const mine = own !== undefined && own.session.session === shared?.session.session;
    if (!locks() || !shared || (own && !mine)) return own && { stored: own, how: 'own' };
    const held = await this.#lock({ signal: AbortSignal.timeout(LOCK_WAIT_MS[mine ? 'own' : 'other']) });
    // It may be another one by now, or none.
    const stored = read(() => localStorage);
    if (!stored) {
      this.#unlock();
      return undefined;
    }
    return { stored, how: held ? (mine ? 'own' : 'left-behind') : 'elsewhere' };
  }

  /** What is stored now, by whichever tab; nothing where tabs cannot take calls from one another. */
  latest(): StoredCall | undefined {
    return locks() ? read(() => localStorage) : undefined;
  }

  /** Takes the call from the tab that has it; asked for twice, it is taken once. */
  take(): Promise<StoredCall | undefined> {
    this.#taking ??= this.#steal().finally(() => (this.#taking = undefined));
    return this.#taking;
  }

  async #steal(): Promise<StoredCall | undefined> {
    await this.#lock({ steal: true });
    const stored = read(() => localStorage);
    if (!stored) this.#unlock();
    return stored;
  }

  store(stored: StoredCall): void {
    this.#latest = stored;
    write(() => sessionStorage, stored);
    if (this.#release) write(() => localStorage, stored);
    else if (locks() && !this.#asking) void this.#claim();
  }

  forget(): void {
    const token = this.#latest?.session.token;
    this.#latest = undefined;
    write(() => sessionStorage, undefined);
    // A tab that took the call stores it before this one hears of it.
    const own = token !== undefined && read(() => localStorage)?.session.token === token;
    if (this.#release && own) write(() => localStorage, undefined);
    this.#unlock();
  }

  /** The first call of the browser gets the lock; one in another tab beside it survives a reload, not a crash. */
  async #claim(): Promise<void> {
    this.#asking = true;
    const held = await this.#lock({ ifAvailable: true });
    this.#asking = false;
    if (!held) return;
    if (this.#latest) write(() => localStorage, this.#latest);
    else this.#unlock();
  }

  #unlock(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #lock(options: LockOptions): Promise<boolean> {
    return new Promise((resolve) => {
      let held: (() => void) | undefined;
      const hold = (lock: Lock | null): Promise<void> | undefined => {
        resolve(lock !== null);
        return lock ? new Promise<void>((release) => (this.#release = held = release)) : undefined;
      };
      const failed = () => {
        resolve(false);
        // Nothing is lost with a lock that was never held, was let go, or is held by a later request of this tab.
        if (!held || this.#release !== held) return;
        this.#release = undefined;
        this.#stolen();
      };
      navigator.locks.request(KEY, options, hold).catch(failed);
    });
  }
}

function locks(): boolean {
  return 'locks' in navigator;
}

/** Storage may be switched off, and is shared with whatever else runs on this origin. */
function read(storage: () => Storage): StoredCall | undefined {
  try {
    const value = JSON.parse(storage().getItem(KEY) ?? 'null') as Partial<StoredCall> | null;
    const { session, call, target } = value ?? {};
    const texts = [session?.session, session?.token, session?.epoch, call];
    return session && isTarget(target) && texts.every((text) => typeof text === 'string')
      ? { session, call: String(call), target }
      : undefined;
  } catch {
    return undefined;
  }
}

function isTarget(target: Target | undefined): target is Target {
  if (target?.is === 'room') return roomName(String(target.room)) === target.room;
  return target?.is === 'direct' && typeof target.user === 'string' && typeof target.name === 'string';
}

function write(storage: () => Storage, stored: StoredCall | undefined): void {
  try {
    if (stored) storage().setItem(KEY, JSON.stringify(stored));
    else storage().removeItem(KEY);
  } catch {
    // Then nothing is kept, and the call works all the same.
  }
}
