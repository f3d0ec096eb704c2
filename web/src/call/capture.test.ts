/** The picture gets smaller when more come, larger when they leave, and is asked for only when it changes. */
import { expect, test } from 'vitest';
import { captureFor } from './capture.ts';
import { callOf, Core, golden, participant } from './fixtures.ts';

test('never larger with more people', () => {
  const sizes = [1, 2, 3, 4, 5, 6, 7].map((people) => captureFor(people).width_px);
  expect(sizes).toEqual([640, 640, 640, 480, 320, 320, 320]);
});

test('asked for when it changes, and reset by leaving', () => {
  const others = ['p1', 'p2', 'p3'].map((id) => participant(id));
  const core = new Core().inCall(callOf(...others.slice(0, 2)));
  const asked = () => core.effects.filter(({ effect }) => effect === 'capture');
  expect(asked()).toEqual([]);
  core.frame({ ...golden('peer-joined'), participant: others[2]! });
  expect(asked()).toEqual([{ effect: 'capture', capture: captureFor(4) }]);
  core.feed({ event: 'toggle-hand' });
  expect(asked()).toEqual([]);
  core.feed({ event: 'leave' });
  expect(asked()).toEqual([{ effect: 'capture', capture: captureFor(0) }]);
});
