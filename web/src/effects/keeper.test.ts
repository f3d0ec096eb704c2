/** The stored call and its lock, with a browser's storages and locks as far as they matter here. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { StoredCall } from '../call/rejoin.ts';
import { CallKeeper } from './keeper.ts';

const KEY = 'holdfast.call';
const stored = (token: string): StoredCall => ({
  session: { session: 'the session', token, epoch: 'the epoch' },
  call: 'the call',
  target: { is: 'room', room: 'team-sync' },
});

function storage() {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
}

/** One lock for all the tabs: a thief's request breaks the one before, as the Web Locks API has it. */
class Locks {
  #broken: ((reason: Error) => void) | undefined;
  asked = 0;

  request(_: string, options: LockOptions, hold: (lock: object | null) => Promise<void> | undefined) {
    this.asked += 1;
    return new Promise<void>((resolve, reject) => {
      queueMicrotask(() => {
        if (this.#broken && !options.steal) return void Promise.resolve(hold(null)).then(resolve);
        this.#broken?.(new Error('stolen'));
        this.#broken = reject;
        void hold({})?.then(() => {
          if (this.#broken === reject) this.#broken = undefined;
          resolve();
        });
      });
    });
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve));
let locks: Locks;
let shared: ReturnType<typeof storage>;
/** A tab of the browser, with the storage of its own. */
const inTab = <T>(own: ReturnType<typeof storage>, act: () => T): T => {
  vi.stubGlobal('sessionStorage', own);
  return act();
};

beforeEach(() => {
  locks = new Locks();
  shared = storage();
  vi.stubGlobal('navigator', { locks });
  vi.stubGlobal('localStorage', shared);
});
afterEach(() => vi.unstubAllGlobals());

test('a page that lost the call to another tab does not delete what that one has stored', async () => {
  const [one, other] = [storage(), storage()];
  const before = new CallKeeper(() => undefined);
  inTab(one, () => before.store(stored('first')));
  await settled();
  expect(shared.getItem(KEY)).toContain('first');
  // The other tab has stored its token, and this one has not heard of it yet.
  shared.setItem(KEY, JSON.stringify(stored('second')));
  inTab(one, () => before.forget());
  expect(shared.getItem(KEY)).toContain('second');
  const after = new CallKeeper(() => undefined);
  expect(await inTab(other, () => after.take())).toEqual(stored('second'));
  inTab(other, () => after.store(stored('third')));
  inTab(other, () => after.forget());
  expect(shared.getItem(KEY)).toBeNull();
});

test('who asks twice for the call takes it once, and keeps it', async () => {
  const stolen = vi.fn();
  const [before, after] = [new CallKeeper(stolen), new CallKeeper(() => expect.fail('stolen from itself'))];
  inTab(storage(), () => before.store(stored('first')));
  await settled();
  const own = storage();
  const asked = locks.asked;
  const both = inTab(own, () => [after.take(), after.take()]);
  expect(await Promise.all(both)).toEqual([stored('first'), stored('first')]);
  await settled();
  expect(locks.asked).toBe(asked + 1);
  expect(stolen).toHaveBeenCalledTimes(1);
  inTab(own, () => after.store(stored('second')));
  expect(shared.getItem(KEY)).toContain('second');
});

test('a lock that is taken again by the same tab is not lost with its first request', async () => {
  const stolen = vi.fn();
  const keeper = new CallKeeper(stolen);
  inTab(storage(), () => keeper.store(stored('first')));
  await settled();
  await keeper.take();
  await settled();
  expect(stolen).not.toHaveBeenCalled();
  inTab(storage(), () => keeper.store(stored('second')));
  expect(shared.getItem(KEY)).toContain('second');
});
