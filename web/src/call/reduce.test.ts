/** The core as a whole: before the call, in it, leaving it, and refusals. */
import { describe, expect, test } from 'vitest';
import { BOB, Core, golden, ROOM } from './fixtures.ts';
import { mediaOf, statusOf } from './state.ts';

const joinFull = (core: Core) =>
  core.frame({ type: 'error', code: 'room-full', message: '', in_reply_to: core.state.join_id ?? -1 });

describe('before the call', () => {
  test('opening a room shows its path and asks for both devices', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM });
    expect(core.effects).toEqual([
      { effect: 'show-path', room: ROOM },
      { effect: 'open-devices', mic: { id: undefined }, camera: { id: undefined } },
    ]);
    expect(core.state.page).toEqual({ at: 'lobby', room: ROOM, autojoin: false });
  });

  test('who cancels and joins the same room again before the hub has answered is in it, and stays', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    core.opened().frame(golden('welcome'));
    const first = core.state.join_id ?? -1;
    core.feed({ event: 'leave' }).feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    const second = core.state.join_id ?? -1;
    expect(second).not.toBe(first);
    core.frame({ ...golden('joined'), in_reply_to: first });
    expect(core.sent.map(({ type }) => type)).not.toContain('leave');
    expect(core.state.page.at).toBe('call');
    expect(core.frame({ ...golden('joined'), in_reply_to: second }).effects).toEqual([]);
    expect(core.state.page.at).toBe('call');
  });

  test('nobody joins without a name', () => {
    const core = new Core(' ')
      .feed({ event: 'navigated', room: ROOM, autojoin: true })
      .feed({ event: 'join' });
    expect(core.state.page.at).toBe('lobby');
    expect(core.state.link.phase.is).toBe('off');
  });

  test('a click joins at once, whatever the devices do, and remembers the name', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM });
    core.feed({ event: 'name-changed', name: '  Ada L. ' }).feed({ event: 'join' });
    expect(core.state.page.at).toBe('joining');
    expect(core.effects).toContainEqual({ effect: 'remember-name', name: 'Ada L.' });
    expect(core.opened().sent).toMatchObject([{ type: 'hello', name: 'Ada L.' }]);
    core.frame(golden('welcome'));
    expect(core.sent).toMatchObject([{ type: 'join', media: { audio: false, camera: false } }]);
    core.frame(golden('joined'));
    core.feed({ event: 'device-settled', mic: 'open', camera: 'denied' });
    expect(core.sent).toMatchObject([{ type: 'media-state', media: { audio: true, camera: false } }]);
  });

  test.each(['denied', 'no-device', 'busy', 'insecure-page'] as const)(
    'who joins by link alone joins without devices when they are %s',
    (problem) => {
      const core = new Core().feed({ event: 'navigated', room: ROOM, autojoin: true });
      expect(core.done).toEqual(['open-socket', 'open-devices']);
      core.opened().frame(golden('welcome'));
      expect(core.sent).toEqual([]);
      core.feed({ event: 'device-settled', mic: problem, camera: problem });
      expect(core.sent).toMatchObject([{ type: 'join', media: { audio: false, camera: false } }]);
    },
  );

  test('going home closes what was opened', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'go-home' });
    expect(core.done).toEqual(['close-device', 'close-device', 'open-socket', 'remember-name', 'show-path']);
    expect(core.state.page).toEqual({ at: 'landing' });
  });
});

describe('in the call', () => {
  test('a place in the room opens a pair with everyone else', () => {
    const core = new Core().inCall();
    expect(core.effects).toEqual([
      { effect: 'store-call', stored: core.state.stored },
      { effect: 'begin-call' },
      { effect: 'open-pair', participant: BOB, role: 'offerer', away: true },
      { effect: 'remember-rooms', recent: [ROOM] },
    ]);
    expect(statusOf(core.state)).toBe('connected');
  });

  test('signals reach their pair only between the incarnations they are meant for', () => {
    const core = new Core().inCall();
    const signal = golden('signal', 'signal-offer');
    expect(core.frame(signal).done).toEqual(['pair-hears']);
    for (const stale of [
      { ...signal, from_incarnation: 1 },
      { ...signal, to_incarnation: 2 },
      { ...signal, from: 'a stranger' },
      { ...signal, call: 'another call' },
    ]) {
      expect(core.frame(stale).done).toEqual([]);
    }
  });

  test('a pair that looks for its way shows in the whole', () => {
    const core = new Core().inCall();
    core.feed({ event: 'pair-state', participant: BOB, state: 'connected' });
    expect(statusOf(core.state)).toBe('connected');
    core.feed({ event: 'pair-state', participant: BOB, state: 'reconnecting' });
    expect(statusOf(core.state)).toBe('reconnecting');
  });
});

describe('one’s own devices', () => {
  test('muting sends silence, the camera is closed, and both are announced', () => {
    const core = new Core().inCall();
    core.feed({ event: 'toggle', kind: 'mic' });
    expect(core.done).toEqual(['mic-sends', 'send']);
    core.feed({ event: 'toggle', kind: 'camera' });
    expect(core.done).toEqual(['close-device', 'send']);
    expect(core.sent).toMatchObject([{ type: 'media-state', media: { audio: false, camera: false } }]);
    core.feed({ event: 'toggle', kind: 'camera' });
    expect(core.done).toEqual(['open-devices']);
    core.feed({ event: 'device-settled', camera: 'open' });
    expect(core.sent).toMatchObject([{ type: 'media-state', media: { audio: false, camera: true } }]);
  });

  test('another microphone stays muted when it was', () => {
    const core = new Core().inCall().feed({ event: 'toggle', kind: 'mic' });
    core.feed({ event: 'choose-device', kind: 'mic', id: 'other' });
    expect(core.done).toEqual(['remember-device', 'switch-device']);
    core.feed({ event: 'device-switched', kind: 'mic', result: 'open', still: true, using: 'other' });
    expect(core.effects).toEqual([]);
    expect(core.state.devices.mic).toEqual({ is: 'muted' });
  });

  test('a device that goes away is announced', () => {
    const core = new Core().inCall().feed({ event: 'device-ended', kind: 'camera' });
    expect(core.sent).toMatchObject([{ type: 'media-state', media: { camera: false } }]);
    expect(mediaOf(core.state.devices).camera).toBe(false);
  });

  test('one that answers after it was switched off stays off', () => {
    const core = new Core()
      .inCall()
      .feed({ event: 'toggle', kind: 'camera' })
      .feed({ event: 'toggle', kind: 'camera' });
    core.feed({ event: 'toggle', kind: 'camera' });
    expect(core.done).toEqual(['close-device']);
    core.feed({ event: 'device-settled', camera: 'open' });
    expect(core.state.devices.camera).toEqual({ is: 'off' });
  });
});

describe('leaving', () => {
  test('is said, and everything of the call ends; the page can still be called', () => {
    const core = new Core().inCall().feed({ event: 'leave' });
    expect(core.done).toEqual(['forget-call', 'end-call', 'close-device', 'close-device', 'send']);
    expect(core.sent).toMatchObject([{ type: 'leave', call: golden('joined').call.id }]);
    expect(core.state.page).toEqual({
      at: 'left',
      target: { is: 'room', room: ROOM },
      summary: { duration_ms: 0, quality: undefined },
      why: undefined,
    });
    expect(core.state.link.phase.is).toBe('up');
    expect(core.frame(golden('left')).done).toEqual([]);
  });

  test('for everyone is the host’s, and is out of it whatever the hub says', () => {
    const call = golden('joined').call;
    const as = (role: 'host' | 'participant') => ({
      ...call,
      participants: call.participants.map((one) => (one.id === call.you ? { ...one, role } : one)),
    });
    const guest = new Core().inCall(as('participant')).feed({ event: 'end-for-all' });
    expect([guest.state.page.at, guest.effects]).toEqual(['call', []]);
    const host = new Core().inCall(as('host')).feed({ event: 'end-for-all' });
    expect(host.sent).toMatchObject([
      { type: 'end', call: call.id },
      { type: 'leave', call: call.id },
    ]);
    expect(host.state.page).toMatchObject({ at: 'left', why: 'ended-here' });
  });

  test('while the hub is away is said as soon as it can be', () => {
    const core = new Core().inCall().closed().feed({ event: 'leave' });
    expect(core.done).toEqual(['forget-call', 'end-call', 'close-device', 'close-device']);
    core
      .after(0)
      .opened()
      .frame({ ...golden('welcome', 'welcome-resumed'), last_command: 1 });
    expect(core.sent).toMatchObject([{ type: 'leave', call: golden('joined').call.id }]);
    expect(core.state.page.at).toBe('left');
  });

  test('before the answer to the join gives the place back', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    core.opened().frame(golden('welcome')).feed({ event: 'leave' });
    expect(core.sent).toEqual([]);
    core.frame({ ...golden('joined'), in_reply_to: 1 });
    expect(core.sent).toMatchObject([{ type: 'leave', call: golden('joined').call.id }]);
    expect(core.state.page.at).toBe('left');
  });

  test('and coming back joins with the devices that were on', () => {
    const core = new Core().inCall().feed({ event: 'toggle', kind: 'camera' }).feed({ event: 'leave' });
    core.feed({ event: 'rejoin' });
    expect(core.effects).toContainEqual({ effect: 'open-devices', mic: { id: undefined } });
    core.feed({ event: 'device-settled', mic: 'open' });
    expect(core.state.page.at).toBe('joining');
  });

  test('by the browser’s back button leaves too', () => {
    const core = new Core().inCall().feed({ event: 'navigated', room: undefined, autojoin: false });
    expect(core.sent).toMatchObject([{ type: 'leave' }, { type: 'directory', query: '' }]);
    expect(core.state.page).toEqual({ at: 'landing' });
  });
});

describe('refusals', () => {
  test('a full room is said, and one may try again', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    joinFull(core.opened().frame(golden('welcome')));
    expect(core.state.page).toMatchObject({ at: 'refused', refusal: { code: 'room-full' } });
    expect(statusOf(core.state)).toBe('refused');
    expect(core.done).toContain('close-device');
    core.feed({ event: 'rejoin' });
    expect(core.state.page).toMatchObject({ at: 'lobby', autojoin: true });
  });

  test('a refusal of something else changes nothing', () => {
    const core = new Core().inCall();
    const { page } = core.state;
    core.frame(golden('error'));
    expect(core.state.page).toBe(page);
  });

  test('a hub that is full is tried again, after the time it named', () => {
    const core = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' }).opened();
    core.frame({ type: 'error', code: 'hub-full', message: '', retry_after_ms: 20_000 }).closed(4007);
    expect(core.state).toMatchObject({ page: { at: 'joining' }, trouble: 'hub-full' });
    expect(core.after(19_999).done).toEqual([]);
    expect(core.after(1).done).toEqual(['open-socket']);
    core.opened().frame(golden('welcome'));
    expect(core.state.trouble).toBeUndefined();
  });

  test('a banned address waits as long as it was told, and its call is not ended', () => {
    const core = new Core().inCall();
    const { page } = core.state;
    core.frame({ type: 'error', code: 'banned', message: '', retry_after_ms: 660_000 }).closed(4008);
    expect(core.state).toMatchObject({ page, trouble: 'banned' });
    core.feed({ event: 'online' });
    expect(core.after(659_999).done).toEqual([]);
    expect(core.after(1).done).toEqual(['open-socket']);
    core.opened().frame(golden('welcome'));
    expect(core.state.trouble).toBeUndefined();
  });

  test('a session taken over elsewhere does not fight for itself', () => {
    const core = new Core().inCall().closed(4005);
    expect(core.state.page).toMatchObject({ at: 'refused', refusal: { code: 'taken-over' } });
    expect(core.done).toContain('end-call');
    expect(core.state.link.phase.is).toBe('off');
  });
});
