/** A participant that floods the others with wishes or candidates is held to a pace. */
import { expect, test } from 'vitest';
import type { Signal } from '../protocol/wire.ts';
import { Remote } from './remote.ts';

const offer = (n: number): Signal => ({ kind: 'offer', connection: `c${n}`, generation: 1, sdp: '' });
const candidate: Signal = {
  kind: 'candidate',
  connection: 'c',
  generation: 1,
  candidate: { candidate: 'x' },
};

test('wishes come in a burst, then one each second', () => {
  const remote = new Remote(0);
  const taken = Array.from({ length: 50 }, (_, n) => remote.takes(0, offer(n)));
  expect(taken.filter(Boolean)).toHaveLength(6);
  expect(remote.takes(999, { kind: 'negotiate', connection: null, generation: 0, reason: 'no-offer' })).toBe(
    false,
  );
  expect([remote.takes(1_000, offer(1)), remote.takes(1_000, offer(2))]).toEqual([true, false]);
});

test('candidates are counted anew for each description, answers are always taken', () => {
  const remote = new Remote(0);
  const taken = Array.from({ length: 500 }, () => remote.takes(0, candidate));
  expect(taken.filter(Boolean)).toHaveLength(64);
  expect(remote.takes(0, { kind: 'answer', connection: 'c', generation: 2, sdp: '' })).toBe(true);
  expect(remote.takes(0, candidate)).toBe(true);
});
