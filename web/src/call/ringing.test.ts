/** Calls from one user to another: out, in, and every way in which the ringing stops. */
import { describe, expect, test } from 'vitest';
import type { EndReason } from '../protocol/wire.ts';
import { ADA, BOB, Core, ROOM, golden, participant } from './fixtures.ts';
import { deadline_ms } from './reduce.ts';
import { statusOf } from './state.ts';

const CALL = golden('ringing').call.id;
const BOBS_USER = golden('peer-joined').participant.user;
const ring = golden('incoming-call');

/** On the first page, with a hub. */
const home = () =>
  new Core().feed({ event: 'navigated', room: undefined, autojoin: false }).opened().frame(golden('welcome'));
const calling = () => home().feed({ event: 'call-user', user: BOBS_USER, name: 'Bob' });
const ringing = () => {
  const core = calling();
  return core.frame({ ...golden('ringing'), in_reply_to: core.state.join_id ?? -1 });
};
const sounds = (core: Core) =>
  core.effects.flatMap((effect) => (effect.effect === 'ring' ? [effect.ring?.is] : []));
const refuse = (core: Core, code: 'busy' | 'user-offline' | 'in-direct-call' | 'calls-yourself') =>
  core.frame({ type: 'error', code, message: '', in_reply_to: core.state.join_id ?? -1 });

describe('calling somebody', () => {
  test('asks for both devices and the call, and is silent until it rings there', () => {
    const core = calling();
    expect(core.done).toContain('open-devices');
    expect(core.sent).toMatchObject([{ type: 'call', to: BOBS_USER }]);
    expect(sounds(core)).toEqual([]);
    expect(statusOf(core.state)).toBe('ringing');
    core.frame({ ...golden('ringing'), in_reply_to: core.state.join_id ?? -1 });
    expect(sounds(core)).toEqual(['outgoing']);
    expect(core.state.page).toMatchObject({ at: 'calling', until_ms: core.now_ms + 45_000 });
  });

  test('who accepts is in the call, and it no longer rings', () => {
    const core = ringing().frame({ ...golden('peer-joined'), call: CALL });
    expect(sounds(core)).toEqual([undefined]);
    expect(core.effects).toContainEqual({
      effect: 'open-pair',
      participant: BOB,
      role: 'offerer',
      away: false,
    });
    expect(core.state.page).toMatchObject({ at: 'call', call: CALL, you: ADA, target: { is: 'direct' } });
    expect(core.state.recent).toEqual([]);
  });

  test('is silent while the hub stays away, and heard again when it is back in time', () => {
    const core = ringing().closed();
    expect(sounds(core), 'one lost socket is soon made up for').toEqual([]);
    core.after(1_000).feed({ event: 'tick', random: 0 }).closed();
    expect(sounds(core)).toEqual([undefined]);
    const { session, epoch } = core.state.link.session ?? {};
    core.after(2_000).feed({ event: 'tick', random: 0 }).opened();
    core.frame({ ...golden('welcome'), resumed: true, session: session ?? '', epoch: epoch ?? '' });
    expect(sounds(core)).toEqual(['outgoing']);
  });

  test('somebody who was calling here too is in the call at once', () => {
    const core = calling();
    const call = { ...golden('joined').call, kind: { is: 'direct' as const } };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call });
    expect(core.state.page).toMatchObject({ at: 'call', target: { is: 'direct', name: 'Bob' } });
  });

  test('somebody who was calling here too no longer rings: the call to answer is the one the page is in', () => {
    const core = calling().frame(ring);
    const call = { ...golden('joined').call, id: ring.call, kind: { is: 'direct' as const } };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call });
    expect(core.state.rings).toEqual([]);
    expect(sounds(core)).toEqual([undefined]);
    core.frame(ring).closed().after(0).opened();
    core.frame({ ...golden('welcome', 'welcome-resumed'), calls: [call] });
    expect(core.state).toMatchObject({ page: { at: 'call', call: ring.call }, rings: [] });
  });

  test.each(['declined', 'missed', 'busy', 'server-cleanup'] as const)('ends as %s', (reason) => {
    const core = ringing().frame({ type: 'call-ended', call: CALL, reason });
    expect(sounds(core)).toEqual([undefined]);
    expect(core.done.filter((effect) => effect === 'close-device')).toHaveLength(2);
    expect(core.state.page).toMatchObject({ at: 'left', why: reason, summary: undefined });
  });

  test.each(['busy', 'user-offline', 'in-direct-call', 'calls-yourself'] as const)(
    'is refused: %s',
    (code) => {
      const core = refuse(calling(), code);
      expect(core.state.page).toMatchObject({ at: 'refused', refusal: { code }, target: { name: 'Bob' } });
      core.feed({ event: 'rejoin' });
      expect(core.sent).toMatchObject([{ type: 'call', to: BOBS_USER }]);
    },
  );

  test('is given up by the caller', () => {
    const core = ringing().feed({ event: 'leave' });
    expect(core.sent).toMatchObject([{ type: 'leave', call: CALL }]);
    expect(sounds(core)).toEqual([undefined]);
    expect(core.state.page).toMatchObject({ at: 'left', why: undefined });
  });

  test('is given up before the hub has named the call: it is left when it has', () => {
    const core = calling();
    const in_reply_to = core.state.join_id ?? -1;
    expect(core.feed({ event: 'leave' }).sent).toEqual([]);
    core.frame({ ...golden('ringing'), in_reply_to });
    expect(core.sent).toMatchObject([{ type: 'leave', call: CALL }]);
    expect(sounds(core)).toEqual([]);
  });

  test('is given up and tried again before the hub has answered: the first answer is as good', () => {
    const core = calling();
    const first = core.state.join_id ?? -1;
    core.feed({ event: 'leave' }).feed({ event: 'call-user', user: BOBS_USER, name: 'Bob' });
    const second = core.state.join_id ?? -1;
    expect(core.frame({ ...golden('ringing'), in_reply_to: first }).sent).toEqual([]);
    expect(core.state.page).toMatchObject({ at: 'calling', snapshot: { id: CALL } });
    core.frame({ type: 'error', code: 'in-direct-call', message: '', in_reply_to: second });
    expect(core.state.page.at).toBe('calling');
    const joined = calling();
    const in_reply_to = joined.state.join_id ?? -1;
    joined.feed({ event: 'leave' }).feed({ event: 'call-user', user: BOBS_USER, name: 'Bob' });
    const call = { ...golden('joined').call, kind: { is: 'direct' as const } };
    joined.frame({ type: 'joined', in_reply_to, call });
    expect(joined.sent.map(({ type }) => type)).not.toContain('leave');
    expect(joined.state.page).toMatchObject({ at: 'call', call: CALL });
  });

  test('is over when it has rung for long enough while the hub cannot be reached', () => {
    const core = ringing().closed().after(0).closed();
    const until_ms = core.state.page.at === 'calling' ? (core.state.page.until_ms ?? 0) : 0;
    core.now_ms = until_ms + 2_999;
    core.after(0);
    expect(core.state.page.at).toBe('calling');
    core.closed();
    expect(deadline_ms(core.state)).toBe(until_ms + 3_000);
    core.after(1);
    expect(core.done.filter((effect) => effect === 'close-device')).toHaveLength(2);
    expect(core.state.page).toMatchObject({ at: 'left', why: 'over' });
    expect(core.state.link.outbox.at(-1)).toMatchObject({ type: 'leave', call: CALL });
    expect(deadline_ms(core.state)).toBeGreaterThan(core.now_ms);
  });

  test('waits for the hub to say what became of it while the hub is there', () => {
    const core = ringing();
    core.now_ms += 60_000;
    core.after(0);
    expect(core.state.page.at).toBe('calling');
    expect(deadline_ms(core.state)).toBeGreaterThan(core.now_ms);
  });

  test('a page that is closed while it rings gives up', () => {
    expect(ringing().feed({ event: 'page-hidden' }).sent).toMatchObject([{ type: 'leave', call: CALL }]);
  });

  test('goes on ringing in a new epoch, and asks what became of it when the hub no longer names it', () => {
    const back = (core: Core) => core.closed().after(0).opened();
    const core = back(ringing());
    const welcome = { ...golden('welcome', 'welcome-resumed'), last_command: 9 };
    core.frame({ ...welcome, calls: [golden('ringing').call] });
    expect(core.state.page.at).toBe('calling');
    back(core).after(0);
    core.closed().after(1_000).opened();
    core.frame({ ...welcome, epoch: 'yet another', calls: [] });
    expect(core.sent.at(-1)).toMatchObject({ type: 'rejoin', call: CALL });
    core.frame({
      type: 'call-over',
      call: CALL,
      reason: 'server-cleanup',
      in_reply_to: core.state.join_id ?? -1,
    });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'server-cleanup' });
  });

  test('nobody calls without a name', () => {
    const core = new Core(' ').feed({ event: 'call-user', user: BOBS_USER, name: 'Bob' });
    expect(core.state.page.at).toBe('landing');
  });
});

describe('being called', () => {
  test('rings, and only once when it is told twice', () => {
    const core = home().frame(ring);
    expect(core.effects).toContainEqual({ effect: 'ring', ring: { is: 'incoming', from: ring.from } });
    expect(core.state.rings).toMatchObject([{ call: CALL, until_ms: core.now_ms + ring.ms_left }]);
    expect(core.frame(ring).effects).toEqual([]);
    expect(core.state.rings).toHaveLength(1);
  });

  test('a page that comes while it rings hears of it', () => {
    const core = new Core().feed({ event: 'navigated', room: undefined, autojoin: false }).opened();
    core.frame({ ...golden('welcome'), incoming: [ring] });
    expect(sounds(core)).toEqual(['incoming']);
  });

  test.each([
    ['accepted-elsewhere', golden('accepted-elsewhere')],
    ...(['cancelled', 'missed', 'declined', 'server-cleanup'] satisfies EndReason[]).map(
      (reason) => [reason, { type: 'call-ended' as const, call: CALL, reason }] as const,
    ),
  ] as const)('stops: %s', (_, frame) => {
    const core = home().frame(ring).frame(frame);
    expect(sounds(core)).toEqual([undefined]);
    expect(core.state.rings).toEqual([]);
    expect(core.state.page.at).toBe('landing');
  });

  test('stops in a new epoch that does not know of it', () => {
    const core = home().frame(ring).closed().after(0).opened().frame(golden('welcome', 'welcome-resumed'));
    expect(core.state.rings).toEqual([]);
  });

  test('stops by itself when the hub has forgotten to say so', () => {
    const core = home().frame(ring);
    core.now_ms += ring.ms_left + 2_999;
    core.after(0);
    expect(core.state.rings).toHaveLength(1);
    core.after(1);
    expect(core.state.rings).toEqual([]);
  });

  test('accepted: the devices open and the hub is asked', () => {
    const core = home().frame(ring).feed({ event: 'accept', call: CALL, camera: true });
    expect(core.effects).toContainEqual({
      effect: 'open-devices',
      mic: { id: undefined },
      camera: { id: undefined },
    });
    expect(core.sent).toMatchObject([{ type: 'accept', call: CALL }]);
    expect(sounds(core)).toEqual([undefined]);
    const call = { ...golden('joined').call, kind: { is: 'direct' as const } };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call });
    expect(core.state.page).toMatchObject({ at: 'call', target: { is: 'direct', name: ring.from.name } });
  });

  test('accepted without a camera', () => {
    const core = home().frame(ring).feed({ event: 'accept', call: CALL, camera: false });
    expect(core.effects).toContainEqual({ effect: 'open-devices', mic: { id: undefined } });
  });

  test('accepted too late', () => {
    const core = home().frame(ring).feed({ event: 'accept', call: CALL, camera: true });
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'call-over', in_reply_to, call: CALL, reason: 'cancelled' });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'cancelled' });
  });

  test('accepted when it no longer rings', () => {
    const core = home().frame(ring).feed({ event: 'accept', call: CALL, camera: true });
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'error', code: 'not-ringing', message: '', in_reply_to });
    expect(core.state.page).toMatchObject({ at: 'left', why: 'over' });
  });

  test('accepted while the hub is away: said when it is back', () => {
    const core = home().frame(ring).closed().feed({ event: 'accept', call: CALL, camera: true });
    expect(core.sent).toEqual([]);
    core.after(0).opened();
    core.frame({ ...golden('welcome', 'welcome-resumed'), calls: [], incoming: [ring], last_command: 1 });
    expect(core.sent).toMatchObject([{ type: 'accept', call: CALL }]);
  });

  test('declined', () => {
    const core = home().frame(ring).feed({ event: 'decline', call: CALL });
    expect(core.sent).toMatchObject([{ type: 'decline', call: CALL }]);
    expect(sounds(core)).toEqual([undefined]);
    expect(core.feed({ event: 'decline', call: CALL }).sent).toEqual([]);
    expect(core.frame({ ...golden('left'), call: CALL }).done, 'it is in the log now').toEqual([
      'load-calls',
    ]);
  });

  test('in another call: that one is ended, and this one accepted', () => {
    const core = new Core().inCall();
    const other = { ...ring, call: 'another call' };
    core.frame(other);
    expect(core.state.page.at).toBe('call');
    core.feed({ event: 'accept', call: other.call, camera: true });
    expect(core.sent).toMatchObject([
      { type: 'leave', call: CALL },
      { type: 'accept', call: other.call },
    ]);
    expect(core.done).toContain('end-call');
    expect(core.state.page).toMatchObject({ at: 'joining', by: 'accept' });
  });

  test('rings go on while one looks at something else, and end with a takeover', () => {
    const core = home().frame(ring).feed({ event: 'open-room', room: ROOM });
    expect(core.state.rings).toHaveLength(1);
    expect(core.closed(4005).state.rings).toEqual([]);
  });
});

describe('every reason ends a call', () => {
  const reasons = [
    'hangup',
    'declined',
    'cancelled',
    'missed',
    'busy',
    'network-lost',
    'reconnect-failed',
    'max-duration',
    'expired',
    'ended-by-host',
    'ended-by-admin',
    'server-cleanup',
  ] as const satisfies readonly EndReason[];

  test.each(reasons)('%s: devices, sounds, timers and what is stored', (reason) => {
    const core = new Core().inCall().frame(golden('peer-disconnected'));
    expect(core.state.alive_at_ms).toBeDefined();
    core.frame({ type: 'call-ended', call: CALL, reason });
    expect(core.done.slice(0, 4)).toEqual(['forget-call', 'end-call', 'close-device', 'close-device']);
    expect(core.state).toMatchObject({
      page: { at: 'left', why: reason, summary: { duration_ms: 0 } },
      record: undefined,
      stored: undefined,
      alive_at_ms: undefined,
    });
    // Nothing comes of it afterwards.
    expect(core.frame(golden('peer-joined')).done).toEqual([]);
    expect(core.frame({ type: 'call-ended', call: CALL, reason: 'expired' }).state.page).toMatchObject({
      why: reason,
    });
  });

  test('but that of another call ends nothing here', () => {
    const core = new Core().inCall();
    const { page } = core.state;
    core.frame({ type: 'call-ended', call: 'another call', reason: 'hangup' });
    expect(core.state.page).toBe(page);
  });
});

describe('while somebody is away', () => {
  test('the hub is told every 4 s with whom media flows', () => {
    const core = new Core().inCall().after(0);
    expect(core.done).toEqual(['check-media']);
    core.feed({ event: 'media-flows', participants: [BOB, 'somebody who is there'] });
    expect(core.sent).toEqual([{ type: 'media-alive', call: CALL, participants: [BOB] }]);
    expect(core.after(3_999).done).toEqual([]);
    expect(core.after(1).done).toContain('check-media');
    expect(core.feed({ event: 'media-flows', participants: [] }).sent).toEqual([]);
  });

  test('nobody is told of it once they are back, nor while the hub is away', () => {
    const core = new Core().inCall().after(0);
    core.frame({ ...golden('peer-reconnected'), incarnation: 2 });
    expect(core.state.alive_at_ms).toBeUndefined();
    expect(core.feed({ event: 'media-flows', participants: [BOB] }).sent).toEqual([]);
    core.frame(golden('peer-disconnected')).closed();
    expect(core.state.alive_at_ms).toBeUndefined();
  });

  test('the tile counts down from what was left on receipt', () => {
    const core = new Core().inCall();
    const { page } = core.state;
    const bob = page.at === 'call' ? page.people.find(({ id }) => id === BOB) : undefined;
    expect(bob?.until_ms).toBe(core.now_ms + 18_500);
    expect(participant(BOB).state.is).toBe('connected');
  });
});
