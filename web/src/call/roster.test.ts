/** Who is in the call, and which pairs follow from each piece of news. */
import { describe, expect, test } from 'vitest';
import { ADA, BOB, callOf, golden, participant } from './fixtures.ts';
import * as roster from './roster.ts';

const CAT = '0000ca70-0000-4000-8000-000000000003';
/** Smaller than Ada's. */
const ABE = '00000abe-0000-4000-8000-000000000004';

const names = (effects: { effect: string; participant?: string }[]) =>
  effects.map(({ effect, participant: who }) => `${effect} ${who}`);

describe('who offers', () => {
  test('the smaller id of the two', () => {
    const [, effects] = roster.fresh(callOf(participant(BOB), participant(ABE)), 0);
    expect(effects).toEqual([
      { effect: 'open-pair', participant: BOB, role: 'offerer', away: false },
      { effect: 'open-pair', participant: ABE, role: 'answerer', away: false },
    ]);
  });
});

describe('resync', () => {
  const [before] = roster.fresh(callOf(participant(BOB), participant(CAT)), 0);

  test('touches no pair whose two ends are the same', () => {
    const connected = roster.change(before, BOB, { pair: 'connected' });
    const [people, effects] = roster.resync(connected, callOf(participant(BOB), participant(CAT)), 0);
    expect(effects).toEqual([]);
    expect(people.map(({ id, pair }) => [id, pair])).toEqual([
      [ADA, undefined],
      [BOB, 'connected'],
      [CAT, 'connecting'],
    ]);
  });

  test('closes who is gone, opens who is new, and builds anew for a new incarnation', () => {
    const [people, effects] = roster.resync(before, callOf(participant(BOB, 2), participant(ABE)), 0);
    expect(names(effects)).toEqual([
      `close-pair ${BOB}`,
      `open-pair ${BOB}`,
      `open-pair ${ABE}`,
      `close-pair ${CAT}`,
    ]);
    expect(people.map(({ id }) => id)).toEqual([ADA, BOB, ABE]);
  });

  test('tells the pair of who went away or came back meanwhile', () => {
    const [, away] = roster.resync(before, golden('joined').call, 0);
    expect(names(away)).toContain(`close-pair ${BOB}`);
    const bob = golden('joined').call.participants[1];
    if (!bob) throw new Error('Bob is in the vector');
    const [gone, effects] = roster.resync(before, callOf({ ...bob, incarnation: 1 }, participant(CAT)), 0);
    expect(names(effects)).toEqual([`pair-away ${BOB}`]);
    const [, back] = roster.resync(gone, callOf(participant(BOB), participant(CAT)), 0);
    expect(names(back)).toEqual([`pair-back ${BOB}`]);
  });
});

describe('news of one participant', () => {
  const [before] = roster.fresh(callOf(participant(BOB)), 0);

  test('joins and leaves', () => {
    const [people, effects] = roster.joined(before, ADA, participant(CAT), 0);
    expect(names(effects)).toEqual([`open-pair ${CAT}`]);
    expect(roster.joined(people, ADA, participant(CAT), 0)).toEqual([people, []]);
    const [rest, closing] = roster.left(people, BOB);
    expect(names(closing)).toEqual([`close-pair ${BOB}`]);
    expect(rest.map(({ id }) => id)).toEqual([ADA, CAT]);
    expect(roster.left(rest, BOB)).toEqual([rest, []]);
  });

  test('away and back with the same instance touches no connection', () => {
    const [gone, away] = roster.away(before, golden('peer-disconnected'), 1_000);
    expect(names(away)).toEqual([`pair-away ${BOB}`]);
    expect(gone[1]?.state).toMatchObject({ is: 'temporarily-disconnected', ms_left: 30_000 });
    expect(gone[1]?.until_ms).toBe(31_000);
    const [there, back] = roster.back(gone, ADA, { ...golden('peer-reconnected'), incarnation: 1 });
    expect(names(back)).toEqual([`pair-back ${BOB}`]);
    expect(there[1]?.state).toEqual({ is: 'connected' });
    expect(there[1]?.until_ms).toBeUndefined();
  });

  test('back with a new instance starts over', () => {
    const [gone] = roster.away(before, golden('peer-disconnected'), 1_000);
    const [there, back] = roster.back(gone, ADA, golden('peer-reconnected'));
    expect(names(back)).toEqual([`close-pair ${BOB}`, `open-pair ${BOB}`]);
    expect(there[1]).toMatchObject({ incarnation: 2, pair: 'connecting' });
  });

  test('of a stranger is nothing', () => {
    const stranger = { ...golden('peer-disconnected'), participant: CAT };
    expect(roster.away(before, stranger, 0)).toEqual([before, []]);
    expect(roster.back(before, ADA, { ...golden('peer-reconnected'), participant: CAT })).toEqual([
      before,
      [],
    ]);
  });
});
