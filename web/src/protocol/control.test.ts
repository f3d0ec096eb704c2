/** What strangers may say over the control channel, and what is dropped. */
import { describe, expect, test } from 'vitest';
import { goldenTexts } from '../call/fixtures.ts';
import { chatText, decodeControlFrame, encodeControlFrame, historyFrames } from './control.ts';
import { CONTROL_BYTES_MAX, type ChatMessage } from './wire.ts';

const message: ChatMessage = {
  id: '0000c4a7-0000-4000-8000-000000000002',
  author: '0000b0b0-0000-4000-8000-000000000002',
  name: 'Bob',
  sent_unix_ms: 1790000002000,
  text: 'Hello',
};
const chat = (change: object) => JSON.stringify({ type: 'chat', message: { ...message, ...change } });
const bytes = (text: string) => new TextEncoder().encode(text).length;

describe('what is read', () => {
  test.each(goldenTexts('control'))('%s', (_, text) => {
    const frame = decodeControlFrame(text);
    expect(frame).toEqual(JSON.parse(text));
    expect(frame && JSON.parse(encodeControlFrame(frame))).toEqual(JSON.parse(text));
  });

  test('fields that this version does not know are left out', () => {
    expect(decodeControlFrame(chat({ colour: 'red' }))).toEqual({ type: 'chat', message });
  });

  test('markup is text like any other', () => {
    const text = '<img src=x onerror=alert(1)>';
    expect(decodeControlFrame(chat({ text }))).toEqual({ type: 'chat', message: { ...message, text } });
  });

  test.each([
    ['nothing', ''],
    ['not JSON', '{'],
    ['not an object', '"chat"'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no type', '{}'],
    ['an unknown type', '{"type":"dance"}'],
    ['a name of the prototype', '{"type":"constructor"}'],
    ['a hand that is not a yes or no', '{"type":"hand","raised":1}'],
    ['a chat without a message', '{"type":"chat"}'],
    ['an id that is none', chat({ id: 'first' })],
    ['an author that is none', chat({ author: 7 })],
    ['an empty name', chat({ name: ' ' })],
    ['a name with spaces around it', chat({ name: ' Bob' })],
    ['a name of 65 characters', chat({ name: 'x'.repeat(65) })],
    ['a name that turns the text around', chat({ name: 'Bob\u202e' })],
    ['a time before the epoch', chat({ sent_unix_ms: -1 })],
    ['a time that is no whole number', chat({ sent_unix_ms: 1.5 })],
    ['a time beyond counting', chat({ sent_unix_ms: 1e300 })],
    ['a time that is text', chat({ sent_unix_ms: '1' })],
    ['no text', chat({ text: undefined })],
    ['an empty text', chat({ text: ' \n ' })],
    ['a text of 2001 characters', chat({ text: 'x'.repeat(2001) })],
    ['a text with a control character', chat({ text: 'a\u0000b' })],
    ['a text with half a character', chat({ text: 'a\ud83d' })],
    ['a history that is no list', '{"type":"chat-history","messages":{}}'],
    ['a history with one bad message', JSON.stringify({ type: 'chat-history', messages: [message, {}] })],
    ['a history of 201', JSON.stringify({ type: 'chat-history', messages: Array(201).fill(null) })],
    ['more than 16 KiB', JSON.stringify({ type: 'hand', raised: true, more: 'x'.repeat(CONTROL_BYTES_MAX) })],
    [
      'more than 16 KiB once it is UTF-8',
      JSON.stringify({ type: 'hand', raised: true, more: 'я'.repeat(9000) }),
    ],
  ])('not a frame: %s', (_, text) => {
    expect(decodeControlFrame(text)).toBeUndefined();
  });
});

describe('what is said', () => {
  test.each([
    ['  two\r\nlines ', 'two\nlines'],
    ['😀'.repeat(2000), '😀'.repeat(2000)],
    [' \n ', undefined],
    ['😀'.repeat(2001), undefined],
    ['a\u001bb', undefined],
  ])('%j', (typed, said) => {
    expect(chatText(typed)).toBe(said);
  });

  test('the longest text there is fits one frame', () => {
    for (const text of ['😀'.repeat(2000), '"'.repeat(2000), 'я\n'.repeat(1000).trim()]) {
      const frame = { type: 'chat' as const, message: { ...message, name: '😀'.repeat(64), text } };
      expect(bytes(encodeControlFrame(frame))).toBeLessThanOrEqual(CONTROL_BYTES_MAX);
    }
  });
});

describe('the history', () => {
  test('of nobody is not sent', () => {
    expect(historyFrames([])).toEqual([]);
  });

  test('goes in as many frames as it takes, in order, each small enough and well filled', () => {
    const messages = Array.from({ length: 200 }, (_, n) => {
      const id = `0000c4a7-0000-4000-8000-${String(n).padStart(12, '0')}`;
      return { ...message, id, text: 'я'.repeat(1 + ((n * 37) % 2000)) };
    });
    const frames = historyFrames(messages);
    const read = frames.flatMap((frame) => {
      const text = encodeControlFrame(frame);
      expect(bytes(text)).toBeLessThanOrEqual(CONTROL_BYTES_MAX);
      const back = decodeControlFrame(text);
      return back?.type === 'chat-history' ? back.messages : [];
    });
    expect(read).toEqual(messages);
    const total = bytes(JSON.stringify(messages));
    expect(frames.length).toBeLessThanOrEqual(Math.ceil(total / (CONTROL_BYTES_MAX - 4_300)));
  });
});
