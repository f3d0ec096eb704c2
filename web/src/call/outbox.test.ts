/** What waits for a control channel while its path is down. */
import { expect, test } from 'vitest';
import { CHAT_HISTORY_MAX, type ControlFrame } from '../protocol/wire.ts';
import { Outbox } from './outbox.ts';

const chat = (n: number): ControlFrame => ({
  type: 'chat',
  message: { id: `${n}`, author: '', name: '', sent_unix_ms: n, text: '' },
});
const hand = (raised: boolean): ControlFrame => ({ type: 'hand', raised });

function open(): Outbox {
  const outbox = new Outbox();
  outbox.opened();
  outbox.path(true);
  return outbox;
}

test('with channel and path there, everything goes at once', () => {
  const outbox = open();
  expect(outbox.say(chat(1))).toEqual([chat(1)]);
  expect(outbox.path(true)).toEqual([]);
});

test('before the channel is open nothing is kept: it is in the history', () => {
  const outbox = new Outbox();
  outbox.path(true);
  expect(outbox.say(chat(1))).toEqual([]);
  outbox.opened();
  expect(outbox.path(true)).toEqual([]);
});

test('a channel that opens before the path is said to be there waits for it', () => {
  const outbox = new Outbox();
  outbox.opened();
  expect(outbox.say(chat(1))).toEqual([]);
  expect(outbox.path(true)).toEqual([chat(1)]);
});

test('nothing goes into a path that is down; on return all of it in order, of hands the last', () => {
  const outbox = open();
  expect(outbox.path(false)).toEqual([]);
  for (const frame of [chat(1), hand(true), chat(2), hand(false)]) expect(outbox.say(frame)).toEqual([]);
  expect(outbox.path(true)).toEqual([chat(1), chat(2), hand(false)]);
  expect(outbox.path(true)).toEqual([]);
});

test('what waits has a bound; the oldest goes', () => {
  const outbox = open();
  outbox.path(false);
  for (let n = 0; n < CHAT_HISTORY_MAX + 5; n += 1) outbox.say(chat(n));
  const kept = outbox.path(true);
  expect(kept).toHaveLength(CHAT_HISTORY_MAX);
  expect(kept[0]).toEqual(chat(5));
});
