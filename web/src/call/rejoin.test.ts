/** Coming back: after a reload, after a crash, from another tab. */
import { describe, expect, test } from 'vitest';
import { ADA, BOB, Core, ROOM, callOf, golden, participant } from './fixtures.ts';
import { deadline_ms } from './reduce.ts';
import type { Found, StoredCall } from './rejoin.ts';
import type { Target } from './state.ts';

const CALL = golden('joined').call.id;
const ROOM_TARGET: Target = { is: 'room', room: ROOM };
const BOB_TARGET: Target = { is: 'direct', user: 'bobs user', name: 'Bob' };
const stored = (target: Target = ROOM_TARGET): StoredCall => ({
  session: { session: golden('welcome').session, token: 'the token', epoch: 'an old epoch' },
  call: CALL,
  target,
});
const came = (how: Found['how'], options: { room?: string; autojoin?: boolean; target?: Target } = {}) =>
  new Core().feed({
    event: 'navigated',
    room: options.room,
    autojoin: options.autojoin ?? false,
    found: { stored: stored(options.target), how },
  });
/** The hub's snapshot for a page that asks: one's own place waits. */
const held = (ms_left = 30_000) => {
  const call = callOf(participant(BOB, 2));
  const [own] = call.participants;
  const state = { is: 'temporarily-disconnected' as const, since_unix_ms: 0, deadline_unix_ms: 0, ms_left };
  if (own) own.state = state;
  return { ...golden('welcome', 'welcome-resumed'), calls: [call], last_command: 0 };
};
const asked = (ms_left?: number) => came('left-behind').opened().frame(held(ms_left));

describe('a reload', () => {
  test.each([
    ['of a room', { room: ROOM }],
    ['of a direct call', { target: BOB_TARGET }],
  ])('%s comes back by itself, as a new instance of the session', (_, options) => {
    const core = came('own', options);
    expect(core.done).toEqual(['store-call', 'open-socket', 'open-devices']);
    expect(core.opened().sent).toMatchObject([{ resume: { token: 'the token', hold: false, seq: 0 } }]);
    core.frame({ ...held(), calls: [callOf(participant(BOB, 2))] });
    expect(core.state.page).toMatchObject({ at: 'call', call: CALL, you: ADA });
    expect(core.done).toContain('open-pair');
    expect(core.state.stored?.session.token).toBe(golden('welcome', 'welcome-resumed').token);
  });

  test('while the hub has lost the session asks for the call in a new one', () => {
    const core = came('own', { room: ROOM }).opened();
    core.frame({ type: 'error', code: 'session-unknown', message: '' }).closed(4002).after(0).opened();
    core.frame(golden('welcome'));
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
  });

  test('to another room asks first', () => {
    expect(came('own', { room: 'another' }).state.page).toMatchObject({ at: 'rejoin', then: 'another' });
  });

  test('the page that goes away does not hang up; one whose call is not stored does', () => {
    const core = new Core().inCall();
    expect(core.feed({ event: 'page-hidden' }).effects).toEqual([]);
    expect(core.state.page.at).toBe('call');
    const joining = new Core().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    expect(joining.feed({ event: 'page-hidden' }).state.page.at).toBe('left');
  });
});

describe('after a crash', () => {
  test('the place is held while the user is asked, and nothing is opened', () => {
    const core = came('left-behind');
    expect(core.done).toEqual(['store-call', 'open-socket']);
    expect(core.opened().sent).toMatchObject([{ resume: { hold: true } }]);
    core.frame(held());
    expect(core.state.page).toMatchObject({
      at: 'rejoin',
      place: { you: ADA, until_ms: core.now_ms + 30_000 },
    });
    expect(core.sent).toEqual([]);
  });

  test('the one who agrees is back', () => {
    const core = asked().feed({ event: 'rejoin' });
    expect(core.done).toContain('open-devices');
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
    core.frame({ ...golden('joined'), in_reply_to: core.state.join_id ?? -1 });
    expect(core.state.page).toMatchObject({ at: 'call', call: CALL });
  });

  test('the one who agrees before the hub has answered is back too', () => {
    const core = came('left-behind').opened().feed({ event: 'rejoin' });
    expect(core.sent).toEqual([]);
    expect(core.frame(held()).sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
  });

  test('the one who declines has left, and goes where the address leads', () => {
    const core = asked().feed({ event: 'decline-rejoin' });
    expect(core.sent[0]).toMatchObject({ type: 'leave', call: CALL });
    expect(core.done[0]).toBe('forget-call');
    expect(core.state.page).toEqual({ at: 'landing' });
    const other = came('left-behind', { room: 'another' }).opened().frame(held());
    other.feed({ event: 'decline-rejoin' });
    expect(other.state.page).toMatchObject({ at: 'lobby', room: 'another' });
  });

  test('with autojoin nobody is asked', () => {
    const core = came('left-behind', { room: ROOM, autojoin: true });
    expect(core.done).toEqual(['store-call', 'open-socket', 'open-devices']);
    expect(core.opened().sent).toMatchObject([{ resume: { hold: false } }]);
  });

  test('the question goes away when the hub says that the call is over', () => {
    const core = asked().frame({ type: 'call-ended', call: CALL, reason: 'network-lost' });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'network-lost' });
    expect(core.done).toContain('forget-call');
  });

  test('but not by itself when the time is up: the hub may keep the place for longer', () => {
    const core = asked(10_000);
    core.now_ms += 60_000;
    expect(core.after(0).state.page.at).toBe('rejoin');
    expect(core.state.stored).toBeDefined();
    expect(deadline_ms(core.state)).toBeGreaterThan(core.now_ms);
  });

  test('or when the place is given up, and the call goes on', () => {
    const left = { ...golden('peer-left'), participant: ADA };
    const core = asked().frame({ ...left, participant: BOB });
    expect(core.state.page.at).toBe('rejoin');
    expect(core.frame(left).state.page).toMatchObject({ at: 'left', why: 'gone' });
  });

  test('or when the hub knows nothing of it', () => {
    const gone = came('left-behind').opened();
    gone.frame({ ...held(), calls: [] });
    expect(gone.state.page).toMatchObject({ at: 'left', why: 'over' });
    const unknown = came('left-behind').opened();
    unknown.frame({ type: 'error', code: 'session-unknown', message: '' }).closed(4002).after(0).opened();
    unknown.frame(golden('welcome'));
    expect(unknown.state.page).toMatchObject({ at: 'left', why: 'over' });
  });

  test('who declines is asked nothing more: the session is whole again', () => {
    const core = asked().feed({ event: 'decline-rejoin' });
    expect(core.state.link.hold).toBe(false);
    core.feed({ event: 'open-room', room: 'another' }).feed({ event: 'join' }).closed().after(0);
    expect(core.opened().sent).toMatchObject([{ resume: { hold: false } }]);
  });

  test('a socket that is lost meanwhile still holds the place', () => {
    const core = asked().closed().after(0);
    expect(core.opened().sent).toMatchObject([{ resume: { hold: true } }]);
    core.frame({ ...held(), epoch: core.state.link.session?.epoch ?? '', calls: [] });
    expect(core.state.page.at).toBe('rejoin');
  });

  test('a call that is over by then says why', () => {
    const core = asked().feed({ event: 'rejoin' });
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'call-over', in_reply_to, call: CALL, reason: 'hangup' });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'hangup' });
    expect(core.state.stored).toBeUndefined();
  });

  test('a direct call that the hub has forgotten is over', () => {
    const core = came('left-behind', { target: BOB_TARGET }).opened().frame(held()).feed({ event: 'rejoin' });
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'error', code: 'unknown-call', message: '', in_reply_to });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'over' });
  });
});

describe('another tab', () => {
  test('asks in the same room and on the first page, not in another room', () => {
    expect(came('elsewhere', { room: ROOM }).state.page).toMatchObject({ at: 'elsewhere' });
    expect(came('elsewhere').state.page).toMatchObject({ at: 'elsewhere', then: undefined });
    expect(came('elsewhere', { room: 'another' }).state.page.at).toBe('lobby');
  });

  test('stores nothing while it asks', () => {
    expect(came('elsewhere', { room: ROOM }).effects).toEqual([]);
  });

  test('moves the call here with the token that the other one left', () => {
    const core = came('elsewhere', { room: ROOM }).feed({ event: 'move-here' });
    expect(core.done).toEqual(['take-call']);
    const latest = { ...stored(), session: { ...stored().session, token: 'a later token' } };
    core.feed({ event: 'call-taken', stored: latest });
    expect(core.done).toEqual(['store-call', 'open-socket', 'open-devices']);
    expect(core.opened().sent).toMatchObject([{ resume: { token: 'a later token', hold: false } }]);
  });

  describe('that is just coming back while the call is moved here', () => {
    const refused = () => {
      const core = came('elsewhere', { room: ROOM }).feed({ event: 'move-here' });
      core.feed({ event: 'call-taken', stored: stored() }).opened();
      return core.frame({ type: 'error', code: 'session-unknown', message: '' });
    };
    const latest = { ...stored(), session: { ...stored().session, token: 'the next token' } };

    test('may have got the next token meanwhile: it is looked for, and said', () => {
      const core = refused();
      expect(core.done).toContain('read-call');
      core.feed({ event: 'call-read', stored: latest });
      expect(core.done).toEqual(['store-call']);
      expect(core.closed(4002).after(0).opened().sent).toMatchObject([
        { resume: { token: 'the next token', hold: false } },
      ]);
      core.frame({ ...held(), calls: [callOf(participant(BOB, 2))] });
      expect(core.state.page).toMatchObject({ at: 'call', call: CALL });
    });

    test('once: one that is refused as well ends it', () => {
      const core = refused().feed({ event: 'call-read', stored: latest }).closed(4002).after(0).opened();
      core.frame({ type: 'error', code: 'session-unknown', message: '' });
      core.feed({ event: 'call-read', stored: latest }).closed(4002).after(0);
      expect(core.opened().sent[0]).not.toHaveProperty('resume');
    });

    test.each([
      ['none', undefined],
      ['the one that was refused', stored()],
      ['that of another call', { ...latest, call: 'another call' }],
    ])('finds %s: the call is asked for in a new session', (_, found) => {
      const core = refused().feed({ event: 'call-read', stored: found }).closed(4002).after(0);
      expect(core.opened().sent[0]).not.toHaveProperty('resume');
      expect(core.frame(golden('welcome')).sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
    });
  });

  test('finds nothing to move when the call has ended', () => {
    const core = came('elsewhere', { room: ROOM }).feed({ event: 'move-here' });
    core.feed({ event: 'call-taken', stored: undefined });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'over' });
  });

  test('joins here too, as somebody of its own', () => {
    const core = came('elsewhere', { room: ROOM }).feed({ event: 'join-too' });
    expect(core.state.page).toMatchObject({ at: 'lobby', room: ROOM });
    core.feed({ event: 'join' });
    expect(core.opened().sent[0]).not.toHaveProperty('resume');
  });

  test('leaves it there', () => {
    expect(came('elsewhere').feed({ event: 'not-here' }).state.page.at).toBe('landing');
    const core = came('elsewhere', { room: ROOM }).feed({ event: 'not-here' });
    expect(core.state.page.at).toBe('lobby');
  });

  test('took the call: this one lets go without leaving, and may fetch it back', () => {
    const core = new Core().inCall().feed({ event: 'call-moved' });
    expect(core.sent).toEqual([]);
    expect(core.done).toEqual(expect.arrayContaining(['end-call', 'close-device', 'close-socket']));
    expect(core.state.page).toMatchObject({ at: 'refused', refusal: { code: 'moved' } });
    expect(core.feed({ event: 'rejoin' }).done).toEqual(['take-call']);
    core.feed({ event: 'call-taken', stored: stored() });
    expect(core.state.page).toMatchObject({ at: 'joining', by: 'rejoin' });
  });
});
