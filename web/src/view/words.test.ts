/** Every refusal and device problem has a sentence and a next step. */
import { expect, test } from 'vitest';
import { Core, golden } from '../call/fixtures.ts';
import { speak } from '../i18n/index.ts';
import type { EndReason } from '../protocol/wire.ts';
import {
  countdownWords,
  deviceTrouble,
  durationWords,
  endWords,
  iconOf,
  linkWords,
  refusalWords,
  titleOf,
} from './words.ts';

test.each([
  'room-full',
  'invalid-room',
  'invalid-name',
  'unsupported-protocol',
  'hub-full',
  'address-full',
  'banned',
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

test.each([
  [4007, /The hub is full/],
  [4008, /blocked this address/],
  [4009, /Too many people at your address/],
])('a hub that closes with %i: the page says why, and that it goes on trying', (code, words) => {
  const core = new Core().feed({ event: 'open-room', room: 'team-sync' }).feed({ event: 'join' });
  core.opened().closed(code);
  expect(linkWords(core.state)).toMatch(words);
  expect(linkWords(core.state)).toMatch(/Trying again/);
});

test('title and icon say that a call is on, and what waits to be read', () => {
  const core = new Core().inCall();
  expect(titleOf(core.state)).toBe('● team-sync (2) · Holdfast');
  expect(iconOf(core.state)).toBe('call');
  const unread = { ...core.state, talk: { ...core.state.talk, unread: 3 } };
  expect(titleOf(unread)).toBe('(3) ● team-sync (2) · Holdfast');
  expect(iconOf(unread)).toBe('unread');
  core.feed({ event: 'leave' });
  expect(titleOf(core.state)).toBe('Call left · Holdfast');
  expect(iconOf(core.state)).toBe('idle');
});

test.each([
  [900, 'en', '0 seconds'],
  [61_000, 'en', '1 minute 1 second'],
  [7_322_000, 'en', '2 hours 2 minutes'],
  [125_000, 'ru', '2 минуты 5 секунд'],
])('%i ms in %s: %s', (duration_ms, language, words) => {
  expect(durationWords(duration_ms, language)).toBe(words);
});

const REASONS = {
  hangup: true,
  declined: true,
  cancelled: true,
  missed: true,
  busy: true,
  'network-lost': true,
  'reconnect-failed': true,
  'max-duration': true,
  expired: true,
  'ended-by-host': true,
  'ended-by-admin': true,
  'server-cleanup': true,
} satisfies Record<EndReason, true>;

test.each(['en', 'ru'] as const)('in %s every reason has words of its own', async (code) => {
  await speak(code);
  const target = { is: 'direct' as const, user: 'bob', name: 'Bob' };
  const said = (Object.keys(REASONS) as EndReason[]).map((why) =>
    endWords({ at: 'left', target, summary: undefined, why }),
  );
  expect(new Set(said.map(({ what }) => what)).size).toBe(Object.keys(REASONS).length);
  for (const { what, next } of said) expect(`${what} ${next}`).not.toMatch(/undefined|\{/);
  await speak('en');
});

test.each(['busy', 'user-offline', 'in-direct-call', 'calls-yourself', 'moved'] as const)(
  'a call that is refused for %s names who it was to',
  (code) => {
    const target = { is: 'direct' as const, user: 'bob', name: 'Bob' };
    const { what, next } = refusalWords({ code, retry_after_ms: undefined }, target);
    expect(what).toMatch(/\.$/);
    expect(next).toMatch(/\.$/);
    if (code === 'busy' || code === 'user-offline') expect(what).toContain('Bob');
  },
);

test.each([
  [0, '0 s'],
  [41_001, '42 s'],
  [89_000, '89 s'],
  [90_000, '1:30'],
  [1_752_000, '29:12'],
])('%i ms left: %s', (left_ms, words) => {
  expect(countdownWords(left_ms)).toBe(words);
});

test('who calls is in the title, whatever else is shown', () => {
  const core = new Core().inCall().frame({ ...golden('incoming-call'), call: 'another call' });
  expect(titleOf(core.state)).toBe('Ada is calling · Holdfast');
});
