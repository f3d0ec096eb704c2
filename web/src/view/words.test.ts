/** Every refusal and device problem has a sentence and a next step. */
import { expect, test } from 'vitest';
import { Core, golden } from '../call/fixtures.ts';
import { deviceTrouble, linkWords, refusalWords, titleOf } from './words.ts';

test.each([
  'room-full',
  'invalid-room',
  'invalid-name',
  'unsupported-protocol',
  'hub-full',
  'internal',
] as const)('a refusal for %s', (code) => {
  const { what, next } = refusalWords({ code, retry_after_ms: undefined });
  expect(what).toMatch(/\.$/);
  expect(next).toMatch(/\.$/);
});

test.each([
  [undefined, 'Try again in a moment.'],
  [1_500, 'Try again in 2 seconds.'],
  [660_000, 'Try again in 11 minutes.'],
])('a wait of %s ms', (retry_after_ms, words) => {
  expect(refusalWords({ code: 'rate-limited', retry_after_ms }).next).toBe(words);
});

test('the same problem with both devices is said once', () => {
  const core = new Core().feed({ event: 'open-room', room: 'team-sync' });
  core.feed({ event: 'device-settled', mic: 'denied', camera: 'denied' });
  expect(deviceTrouble(core.state)).toHaveLength(1);
  core.feed({ event: 'toggle', kind: 'mic' }).feed({ event: 'device-settled', mic: 'busy' });
  expect(deviceTrouble(core.state)).toHaveLength(2);
  core.feed({ event: 'toggle', kind: 'mic' }).feed({ event: 'device-settled', mic: 'open' });
  expect(deviceTrouble(core.state)).toHaveLength(1);
});

test('a lost socket is said without stopping the call', () => {
  const core = new Core().inCall();
  expect(linkWords(core.state)).toBeUndefined();
  core.closed();
  expect(linkWords(core.state)).toContain('The call goes on');
  core.after(0).opened().frame(golden('welcome', 'welcome-resumed'));
  expect(linkWords(core.state)).toBeUndefined();
});

test('the title names the room', () => {
  const core = new Core().inCall();
  expect(titleOf(core.state)).toBe('team-sync (2) · Holdfast');
  expect(titleOf(core.feed({ event: 'leave' }).state)).toBe('Call left · Holdfast');
});
