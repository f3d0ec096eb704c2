/** Devices that change, go away and come back during a call, and the shared screen. */
import { describe, expect, test } from 'vitest';
import { speakerInUse } from './devices.ts';
import { Core, golden } from './fixtures.ts';
import type { Choice, DeviceKind, PageEvent } from './state.ts';

const choice = (id: string): Choice => ({ id, label: id });
const listed = (choices: Partial<Record<DeviceKind, string[]>>): PageEvent => ({
  event: 'devices-listed',
  choices: { mic: (choices.mic ?? []).map(choice), camera: (choices.camera ?? []).map(choice) },
});
const announced = (core: Core) =>
  core.sent.flatMap((frame) => (frame.type === 'media-state' ? [frame.media] : []));

describe('another device', () => {
  test('takes over without the others seeing a gap', () => {
    const core = new Core().inCall().feed({ event: 'choose-device', kind: 'camera', id: 'two' });
    expect(core.effects).toEqual([
      { effect: 'remember-device', kind: 'camera', id: 'two' },
      { effect: 'switch-device', kind: 'camera', id: 'two' },
    ]);
    expect(core.state.devices.camera).toEqual({ is: 'on' });
    core.feed({ event: 'device-switched', kind: 'camera', result: 'open', still: true, using: 'two' });
    expect(core.effects).toEqual([]);
    expect(core.state.devices.using.camera).toBe('two');
  });

  test('that cannot be opened leaves the earlier one on, and says so until it is read', () => {
    const core = new Core().inCall().feed({ event: 'choose-device', kind: 'mic', id: 'two' });
    core.feed({ event: 'device-switched', kind: 'mic', result: 'busy', still: true, using: 'one' });
    expect(core.state.devices).toMatchObject({ mic: { is: 'on' }, remark: { mic: 'not-switched' } });
    expect(announced(core)).toEqual([]);
    core.feed({ event: 'remark-read', kind: 'mic' });
    expect(core.state.devices.remark.mic).toBeUndefined();
  });

  test('that costs the earlier one is announced', () => {
    const core = new Core().inCall().feed({ event: 'choose-device', kind: 'camera', id: 'two' });
    core.feed({ event: 'device-switched', kind: 'camera', result: 'busy', still: false, using: undefined });
    expect(core.state.devices.camera).toEqual({ is: 'unavailable', problem: 'busy' });
    expect(announced(core)).toMatchObject([{ camera: false }]);
  });

  test('that answers after the camera was switched off changes nothing', () => {
    const core = new Core().inCall().feed({ event: 'choose-device', kind: 'camera', id: 'two' });
    core.feed({ event: 'toggle', kind: 'camera' });
    core.feed({ event: 'device-switched', kind: 'camera', result: 'busy', still: true, using: 'one' });
    expect(core.state.devices).toMatchObject({ camera: { is: 'off' }, remark: { camera: undefined } });
  });
});

describe('a device that is pulled out', () => {
  test('is replaced by whichever there is, and the choice is kept for its return', () => {
    const core = new Core().inCall().feed({ event: 'choose-device', kind: 'mic', id: 'headset' });
    core.feed({ event: 'device-ended', kind: 'mic' });
    expect(core.effects).toMatchObject([
      { effect: 'close-device', kind: 'mic' },
      { effect: 'open-devices', mic: { id: undefined } },
      { effect: 'send' },
    ]);
    expect(announced(core)).toMatchObject([{ audio: false, camera: true }]);
    core.feed({ event: 'device-settled', mic: 'open', using: { mic: 'built-in' } });
    expect(announced(core)).toMatchObject([{ audio: true }]);
    expect(core.state.devices).toMatchObject({
      remark: { mic: 'stand-in' },
      using: { mic: 'built-in' },
      chosen: { mic: 'headset' },
    });
  });

  test('stays muted when it was', () => {
    const core = new Core().inCall().feed({ event: 'toggle', kind: 'mic' });
    core.feed({ event: 'device-ended', kind: 'mic' }).feed({ event: 'device-settled', mic: 'open' });
    expect(core.state.devices.mic).toEqual({ is: 'muted' });
    expect(core.effects).toEqual([{ effect: 'mic-sends', on: false }]);
  });

  test('without another one is missing, and opened when one is plugged in', () => {
    const core = new Core().inCall().feed(listed({ camera: ['one'], mic: ['built-in'] }));
    core.feed({ event: 'device-ended', kind: 'camera' });
    core.feed({ event: 'device-settled', camera: 'no-device' });
    expect(core.state.devices).toMatchObject({
      camera: { is: 'unavailable', problem: 'no-device' },
      remark: { camera: undefined },
    });
    expect(core.feed(listed({ mic: ['built-in'] })).effects).toEqual([]);
    expect(core.feed(listed({ mic: ['built-in', 'other'] })).effects).toEqual([]);
    core.feed(listed({ mic: ['built-in', 'other'], camera: ['two'] }));
    expect(core.effects).toEqual([{ effect: 'open-devices', camera: { id: undefined } }]);
  });
});

test('the speaker is the chosen one while it is there', () => {
  const core = new Core().feed({ event: 'choose-speaker', id: 'headset' });
  expect(core.effects).toEqual([{ effect: 'remember-speaker', id: 'headset' }]);
  const plugged = (...speakers: string[]) =>
    core.feed({ ...listed({}), speakers: speakers.map(choice) } as PageEvent).state.devices;
  expect(speakerInUse(plugged('built-in'))).toBe('');
  expect(speakerInUse(plugged('built-in', 'headset'))).toBe('headset');
});

describe('one’s own screen', () => {
  const shared = (sound: boolean) =>
    new Core().inCall().feed({ event: 'toggle-screen' }).feed({ event: 'screen-settled', result: { sound } });

  test('is announced when it is there, with sound when it has some, beside the camera', () => {
    const core = new Core().inCall().feed({ event: 'toggle-screen' });
    expect(core.done).toEqual(['open-screen']);
    core.feed({ event: 'screen-settled', result: { sound: false } });
    expect(announced(core)).toEqual([{ audio: true, camera: true, screen: true, screen_audio: false }]);
    expect(announced(shared(true))).toMatchObject([{ screen: true, screen_audio: true }]);
  });

  test.each(['toggle-screen', 'screen-ended'] as const)('ends by %s', (event) => {
    const core = shared(true).feed({ event });
    expect(core.done).toEqual(['close-screen', 'send']);
    expect(announced(core)).toMatchObject([{ camera: true, screen: false, screen_audio: false }]);
    expect(core.feed({ event: 'screen-ended' }).done).toEqual([]);
  });

  test('the user’s own no is no trouble, anything else is', () => {
    const core = new Core().inCall().feed({ event: 'toggle-screen' });
    core.feed({ event: 'screen-settled', result: undefined });
    expect(core.state.devices.screen).toEqual({ is: 'off' });
    core.feed({ event: 'toggle-screen' }).feed({ event: 'screen-settled', result: 'failed' });
    expect(core.state.devices.screen).toEqual({ is: 'failed' });
    expect(core.sent).toEqual([]);
    expect(core.feed({ event: 'toggle-screen' }).done).toEqual(['open-screen']);
  });

  test('an answer that comes after it was called off is not shared', () => {
    const core = new Core().inCall().feed({ event: 'toggle-screen' }).feed({ event: 'toggle-screen' });
    expect(core.done).toEqual(['close-screen']);
    core.feed({ event: 'screen-settled', result: { sound: true } });
    expect(core.state.devices.screen).toEqual({ is: 'off' });
  });

  test('is not shared outside a call, and ends with it', () => {
    expect(new Core().feed({ event: 'toggle-screen' }).done).toEqual([]);
    const core = shared(true).feed({ event: 'leave' });
    expect(core.done).toContain('close-screen');
    expect(core.state.devices.screen).toEqual({ is: 'off' });
  });

  test('is told again to a hub that was away', () => {
    const core = shared(false).closed().after(0).opened();
    core.frame({ ...golden('welcome'), calls: [] });
    expect(core.sent).toMatchObject([{ type: 'rejoin', media: { screen: true, screen_audio: false } }]);
  });
});

test('what the call was like is there after it', () => {
  const core = new Core().inCall();
  core.feed({ event: 'quality-sampled', level: 'good', for_ms: 9000 });
  core.feed({ event: 'quality-sampled', level: 'poor', for_ms: 1000 });
  core.now_ms += 12_000;
  core.feed({ event: 'leave' });
  expect(core.state.page).toMatchObject({
    at: 'left',
    summary: { duration_ms: 12_000, quality: { level: 'good', good_percent: 90 } },
  });
  expect(core.state.record).toBeUndefined();
});
