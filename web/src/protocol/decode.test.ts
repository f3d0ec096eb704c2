/** The golden frames that the hub and the headless peer are held to as well. */
import { describe, expect, test } from 'vitest';
import { Core, golden, goldenTexts, BOB } from '../call/fixtures.ts';
import { decodeHubFrame, encodeClientFrame } from './decode.ts';
import type { ClientFrame } from './wire.ts';

describe('frames of the hub', () => {
  test.each(goldenTexts('hub'))('%s', (_, text) => {
    expect(decodeHubFrame(text)).toEqual(JSON.parse(text));
  });

  test.each(['', 'hello', '[]', 'null', '7', '{}', '{"type":7}'])('not a frame: %s', (text) => {
    expect(decodeHubFrame(text)).toBeUndefined();
  });

  test.each([
    ['{"type":"dance"}', { type: 'unknown' }],
    ['{"type":"toString"}', { type: 'unknown' }],
    ['{"seq":17,"type":"dance","steps":3}', { type: 'unknown', seq: 17 }],
    ['{"seq":"17","type":"dance"}', { type: 'unknown' }],
  ])('of a type that this version does not know: %s', (text, frame) => {
    expect(decodeHubFrame(text)).toEqual(frame);
  });
});

describe('frames of the page', () => {
  const texts = new Map(goldenTexts('client'));
  const read = (name: string) => JSON.parse(texts.get(`${name}.json`) ?? '') as ClientFrame;

  test.each([...texts])('%s is written as it was read', (_, text) => {
    expect(JSON.parse(encodeClientFrame(JSON.parse(text) as ClientFrame))).toEqual(JSON.parse(text));
  });

  test('the core makes them', () => {
    const core = new Core().feed({ event: 'navigated', room: 'team-sync', autojoin: true });
    expect(core.opened().sent).toEqual([read('hello')]);
    core.feed({ event: 'device-settled', mic: 'open', camera: 'open' });
    expect(core.frame(golden('welcome')).sent).toEqual([read('join')]);
    core.frame(golden('joined'));
    core.feed({ event: 'toggle', kind: 'mic' });
    expect(core.sent).toEqual([{ ...read('media-state'), id: 2 }]);
    const says = (name: string) => {
      const frame = read(name);
      if (frame.type !== 'signal') throw new Error(`${name} is no signal`);
      const id = core.state.link.next_id;
      core.feed({ event: 'pair-says', participant: BOB, signal: frame.signal });
      expect(core.sent).toEqual([{ ...frame, id }]);
    };
    for (const kind of ['offer', 'answer', 'candidate', 'negotiate', 'negotiate-no-offer'])
      says(`signal-${kind}`);
    expect(core.feed({ event: 'ice-wanted' }).sent).toEqual([{ ...read('ice-servers'), id: 8 }]);
    expect(core.after(5000).sent).toEqual([read('heartbeat')]);
    expect(core.feed({ event: 'leave' }).sent).toEqual([{ ...read('leave'), id: 9 }]);
  });

  test('coming back claims the session', () => {
    const core = new Core().inCall();
    for (let seq = 1; seq <= 41; seq += 1) core.numbered(seq, golden('media-state'));
    core.closed().after(0);
    expect(core.opened().sent).toEqual([read('hello-resume')]);
  });
});
