/** A flood is cut to a trickle, and nothing else is touched. */
import { expect, test } from 'vitest';
import { Allowance, BURST, PER_SECOND } from './allowance.ts';

const taken = (allowance: Allowance, now_ms: number, messages: number): number =>
  Array.from({ length: messages }).filter(() => allowance.take(now_ms)).length;

test('a burst is taken whole, more of it is not', () => {
  expect(taken(new Allowance(0), 0, BURST + 50)).toBe(BURST);
});

test('after a flood it goes on at the steady rate', () => {
  const allowance = new Allowance(0);
  taken(allowance, 0, 10_000);
  expect(taken(allowance, 1000, 10_000)).toBe(PER_SECOND);
  expect(taken(allowance, 1010, 10_000)).toBe(0);
});

test('silence fills it up again, but not beyond a burst', () => {
  const allowance = new Allowance(0);
  taken(allowance, 0, 10_000);
  expect(taken(allowance, 3_600_000, 10_000)).toBe(BURST);
});
