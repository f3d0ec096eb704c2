/** Comings and goings are told once, and one's own not at all. */
import { expect, test } from 'vitest';
import { ADA, BOB, participant } from '../call/fixtures.ts';
import type { Person } from '../call/state.ts';
import { newsOf } from './news.ts';

const person = (id: string, pair: Person['pair'] = 'connected'): Person => ({
  ...participant(id),
  name: id,
  pair,
  until_ms: undefined,
});
const me = person(ADA, undefined);

test('joined and left', () => {
  expect(newsOf([me], [me, person(BOB)], ADA)).toEqual([{ what: 'joined', name: BOB }]);
  expect(newsOf([me, person(BOB)], [me], ADA)).toEqual([{ what: 'left', name: BOB }]);
  expect(newsOf([], [me], ADA)).toEqual([]);
});

test('lost once, whichever way, and back', () => {
  const [here, waits, away] = [person(BOB), person(BOB, 'reconnecting'), person(BOB, 'peer-disconnected')];
  expect(newsOf([here], [waits], ADA)).toEqual([{ what: 'lost', name: BOB }]);
  expect(newsOf([waits], [away], ADA)).toEqual([]);
  expect(newsOf([away], [here], ADA)).toEqual([{ what: 'back', name: BOB }]);
});
