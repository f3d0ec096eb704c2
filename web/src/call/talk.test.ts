/** Chat, history and hands, as they come over the channels of the others. */
import { describe, expect, test } from 'vitest';
import { CHAT_HISTORY_MAX, type ChatMessage, type ControlFrame } from '../protocol/wire.ts';
import { ADA, BOB, callOf, Core, golden, participant } from './fixtures.ts';

const EVE = '0000eeee-0000-4000-8000-000000000003';
const NOW = 1_790_000_100_000;

const idOf = (n: number) => `0000c4a7-0000-4000-8000-${String(n).padStart(12, '0')}`;
const messageOf = (n: number, author = BOB, sent_unix_ms = NOW - 1000 + n): ChatMessage => ({
  id: idOf(n),
  author,
  name: 'Somebody',
  sent_unix_ms,
  text: `message ${n}`,
});

/** Ada in a call with Bob and Eve. */
const inCall = () => new Core().inCall(callOf(participant(BOB), participant(EVE)));
const hears = (core: Core, from: string, frame: ControlFrame, now_unix_ms = NOW) =>
  core.feed({ event: 'channel-heard', participant: from, frame, now_unix_ms });
const says = (core: Core, text: string, n = 900) =>
  core.feed({ event: 'chat-send', id: idOf(n), text, now_unix_ms: NOW });
const texts = (core: Core) => core.state.talk.lines.map(({ message }) => message.text);

describe('saying something', () => {
  test('goes to everyone and into one’s own list', () => {
    const core = says(inCall(), '  Hi\r\nall ');
    const message = { id: idOf(900), author: ADA, name: 'Ada', sent_unix_ms: NOW, text: 'Hi\nall' };
    expect(core.effects).toEqual([
      { effect: 'control-say', to: undefined, frames: [{ type: 'chat', message }] },
    ]);
    expect(core.state.talk.lines.map((line) => line.message)).toEqual([message]);
    expect(core.state.talk.unread).toBe(0);
  });

  test.each([' ', 'x'.repeat(2001), 'a\u0000'])('%j is not said', (text) => {
    const core = says(inCall(), text);
    expect(core.effects).toEqual([]);
    expect(core.state.talk.lines).toEqual([]);
  });

  test('outside a call says nothing', () => {
    expect(says(new Core(), 'Hi').effects).toEqual([]);
  });
});

describe('hearing something', () => {
  test('author and name are those of the channel, whatever the message says', () => {
    const core = hears(inCall(), EVE, { type: 'chat', message: messageOf(1, BOB) });
    expect(core.state.talk.lines).toMatchObject([
      { message: { author: EVE, name: 'Bob', text: 'message 1' }, told_by: undefined, at_unix_ms: NOW },
    ]);
  });

  test('counts as unread while the panel is closed, once per message', () => {
    const core = inCall();
    hears(core, BOB, { type: 'chat', message: messageOf(1) });
    hears(core, BOB, { type: 'chat', message: messageOf(1) });
    hears(core, EVE, { type: 'chat-history', messages: [messageOf(1), messageOf(2, BOB, NOW)] });
    expect(core.state.talk.unread).toBe(2);
    core.feed({ event: 'chat-panel', open: true });
    expect(core.state.talk.unread).toBe(0);
    hears(core, BOB, { type: 'chat', message: messageOf(3) });
    expect(core.state.talk.unread).toBe(0);
    core.feed({ event: 'chat-panel', open: false });
    hears(core, BOB, { type: 'chat', message: messageOf(4) });
    expect(core.state.talk.unread).toBe(1);
    expect(texts(core)).toEqual(['message 1', 'message 2', 'message 3', 'message 4']);
  });

  test('somebody who is not in the call is not heard', () => {
    const core = hears(inCall(), 'a stranger', { type: 'chat', message: messageOf(1) });
    hears(core, 'a stranger', { type: 'hand', raised: true });
    expect(core.state.talk).toMatchObject({ lines: [], hands: [] });
  });

  test('history is hearsay about others, and comes where its time puts it', () => {
    const core = says(inCall(), 'live');
    const early = messageOf(1, EVE, NOW - 50_000);
    const own = messageOf(2, BOB, NOW - 60_000);
    const fromTheFuture = messageOf(3, EVE, NOW + 1e9);
    hears(core, BOB, { type: 'chat-history', messages: [early, own, fromTheFuture] }, NOW + 5);
    expect(texts(core)).toEqual(['message 1', 'message 2', 'live', 'message 3']);
    expect(core.state.talk.lines).toMatchObject([
      { told_by: BOB, message: { name: 'Somebody' } },
      { told_by: undefined, message: { name: 'Bob' } },
      { told_by: undefined },
      { told_by: BOB, at_unix_ms: NOW + 5 },
    ]);
  });

  test('clocks that differ do not shuffle a conversation', () => {
    const ahead = (n: number) => messageOf(n, EVE, NOW + 300_000 + n);
    const behind = (n: number) => messageOf(n, BOB, NOW - 300_000 + n);
    const core = inCall();
    const messages = [behind(1), ahead(2), behind(3), ahead(4)];
    hears(core, BOB, { type: 'chat-history', messages });
    expect(texts(core)).toEqual(['message 1', 'message 2', 'message 3', 'message 4']);
    hears(core, EVE, { type: 'chat-history', messages: [...messages, behind(5)] });
    expect(texts(core).at(-1)).toBe('message 5');
  });

  test('a history cannot change what is known', () => {
    const core = hears(inCall(), BOB, { type: 'chat', message: messageOf(1) });
    hears(core, EVE, { type: 'chat-history', messages: [{ ...messageOf(1), text: 'forged' }] });
    expect(texts(core)).toEqual(['message 1']);
  });

  test('one’s own messages that come back after a reload are not news', () => {
    const core = hears(inCall(), BOB, { type: 'chat-history', messages: [messageOf(1, ADA)] });
    expect(core.state.talk).toMatchObject({ unread: 0, lines: [{ told_by: BOB }] });
  });

  test('the latest 200 are kept', () => {
    const core = inCall();
    for (let n = 0; n < CHAT_HISTORY_MAX + 20; n += 1) {
      hears(core, BOB, { type: 'chat', message: messageOf(n) }, NOW + n);
    }
    expect(core.state.talk.lines).toHaveLength(CHAT_HISTORY_MAX);
    expect(texts(core)[0]).toBe('message 20');
    expect(core.state.talk.unread).toBe(CHAT_HISTORY_MAX);
  });
});

describe('whoever comes later', () => {
  test('gets the history and the raised hand when the channel opens, to this channel alone', () => {
    const core = says(inCall(), 'one', 1);
    core.feed({ event: 'toggle-hand' }).feed({ event: 'channel-opened', participant: BOB });
    const messages = core.state.talk.lines.map(({ message }) => message);
    const frames = [
      { type: 'chat-history', messages },
      { type: 'hand', raised: true },
    ];
    expect(core.effects).toEqual([{ effect: 'control-say', to: BOB, frames }]);
  });

  test('gets nothing when there is nothing', () => {
    expect(inCall().feed({ event: 'channel-opened', participant: BOB }).effects).toEqual([]);
  });

  test('the chat outlives a hub that forgot the call, and no call outlives leaving', () => {
    const core = says(inCall(), 'one').closed().after(0).opened();
    core.frame({ ...golden('welcome'), calls: [] });
    const call = { ...callOf(participant(BOB)), id: '0000ca11-0000-4000-8000-000000000099' };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call });
    expect(core.state.page).toMatchObject({ at: 'call', call: call.id });
    expect(texts(core)).toEqual(['one']);
    core.feed({ event: 'leave' });
    expect(core.state.talk.lines).toEqual([]);
  });
});

describe('hands', () => {
  test('go up and down for everyone', () => {
    const core = inCall().feed({ event: 'toggle-hand' });
    const said = (raised: boolean) => [
      { effect: 'control-say', to: undefined, frames: [{ type: 'hand', raised }] },
    ];
    expect(core.effects).toEqual(said(true));
    expect(core.state.talk.hands).toEqual([ADA]);
    expect(core.feed({ event: 'toggle-hand' }).effects).toEqual(said(false));
    expect(core.state.talk.hands).toEqual([]);
  });

  test('of the others are known once each, in the order they went up', () => {
    const core = inCall();
    for (const from of [EVE, BOB, EVE]) hears(core, from, { type: 'hand', raised: true });
    expect(core.state.talk.hands).toEqual([BOB, EVE]);
    hears(core, BOB, { type: 'hand', raised: false });
    expect(core.state.talk.hands).toEqual([EVE]);
  });

  test('are down on a new channel until it says otherwise', () => {
    const core = hears(inCall(), BOB, { type: 'hand', raised: true });
    core.feed({ event: 'channel-opened', participant: BOB });
    expect(core.state.talk.hands).toEqual([]);
  });

  test('go with whoever leaves', () => {
    const core = hears(inCall(), BOB, { type: 'hand', raised: true });
    core.frame({ ...golden('peer-left'), participant: BOB });
    expect(core.state.talk.hands).toEqual([]);
  });
});
