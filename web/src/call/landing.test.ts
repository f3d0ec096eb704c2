/** The first page: being reachable, who is online, and the calls that are over. */
import { describe, expect, test } from 'vitest';
import type { LoggedCall } from '../protocol/wire.ts';
import { Core, ROOM, golden } from './fixtures.ts';
import { againOf, directionOf, shown, SHOWN_MAX, unseen } from './history.ts';

const ME = golden('welcome').user;
const home = () => new Core().feed({ event: 'navigated', room: undefined, autojoin: false });
const online = () => home().opened().frame(golden('welcome'));
const call = (change: Partial<LoggedCall>): LoggedCall => ({
  id: 'a call',
  kind: { is: 'direct' },
  status: 'ended',
  began_unix_ms: 1000,
  talk_ms: 0,
  caller: { user: 'bob', name: 'Bob' },
  callee: { user: ME, name: 'Ada' },
  participants: [],
  participants_omitted: 0,
  reason: 'missed',
  ...change,
});

describe('being reachable', () => {
  test('who has a name is connected, without camera or microphone', () => {
    expect(home().done).toEqual(['open-socket', 'remember-name']);
    expect(home().opened().sent).toMatchObject([{ type: 'hello', name: 'Ada' }]);
  });

  test('who has none is, once it is typed', () => {
    const core = new Core('').feed({ event: 'navigated', room: undefined, autojoin: false });
    expect(core.state.link.phase.is).toBe('off');
    core.feed({ event: 'name-changed', name: 'Cat' });
    expect(core.done).toEqual([]);
    expect(core.feed({ event: 'name-settled' }).done).toEqual(['open-socket', 'remember-name']);
  });

  test('another name begins another session, since the hub hears names there alone', () => {
    const core = online().feed({ event: 'name-changed', name: 'Ada L.' });
    expect(core.feed({ event: 'name-settled' }).done).toContain('open-socket');
    expect(core.opened().sent).toMatchObject([{ type: 'hello', name: 'Ada L.' }]);
    expect(core.sent[0]).not.toHaveProperty('resume');
    const same = online().feed({ event: 'name-settled' });
    expect(same.done).toEqual([]);
  });

  test('another name waits until the hub has heard of what was hung up', () => {
    const core = new Core().inCall().closed().feed({ event: 'go-home' });
    const { session, epoch } = core.state.link.session ?? {};
    core.feed({ event: 'name-changed', name: 'Ada L.' }).feed({ event: 'name-settled' });
    core.after(0).opened();
    expect(core.sent).toMatchObject([{ resume: { session } }]);
    const welcome = { ...golden('welcome'), resumed: true, session: session ?? '', epoch: epoch ?? '' };
    core.frame({ ...welcome, last_command: 1 });
    const leave = core.sent.find(({ type }) => type === 'leave');
    const command = leave && 'id' in leave ? leave.id : -1;
    expect(core.frame({ type: 'ack', command: command - 1 }).done).toEqual([]);
    expect(core.frame({ type: 'ack', command }).done).toContain('open-socket');
    expect(core.opened().sent).toMatchObject([{ type: 'hello', name: 'Ada L.' }]);
    expect(core.sent[0]).not.toHaveProperty('resume');
    core.frame(golden('welcome'));
    expect(core.frame({ type: 'ack', command: 1 }).done, 'but once').toEqual([]);
  });

  test.each([
    ['join', { event: 'join' }, { type: 'join', room: ROOM }],
    ['call', { event: 'call-user', user: 'bob', name: 'Bob' }, { type: 'call', to: 'bob' }],
  ] as const)('who wants to %s meanwhile does so under the new name', (_, event, asked) => {
    // Either the ack or the welcome tells that the hub has heard.
    for (const last_command of [1, 99]) {
      const core = new Core().inCall().closed().feed({ event: 'go-home' });
      const { session, epoch } = core.state.link.session ?? {};
      core
        .feed({ event: 'name-changed', name: 'Ada L.' })
        .feed({ event: 'open-room', room: ROOM })
        .feed(event);
      const welcome = { ...golden('welcome'), resumed: true, session: session ?? '', epoch: epoch ?? '' };
      core
        .after(0)
        .opened()
        .frame({ ...welcome, last_command });
      expect(core.sent.map(({ type }) => type)).toEqual(last_command === 1 ? ['leave'] : []);
      if (last_command === 1) core.frame({ type: 'ack', command: 2 });
      expect(core.done).toContain('open-socket');
      expect(core.opened().sent).toMatchObject([{ type: 'hello', name: 'Ada L.' }]);
      expect(core.frame(golden('welcome')).sent).toMatchObject([asked]);
    }
  });

  test('joining a room goes on with the session', () => {
    const core = online().feed({ event: 'open-room', room: ROOM }).feed({ event: 'join' });
    expect(core.sent).toMatchObject([{ type: 'join', room: ROOM }]);
    expect(core.done).not.toContain('open-socket');
  });
});

describe('the directory', () => {
  const listed = () => {
    const core = online();
    return core.frame({ ...golden('directory'), in_reply_to: core.state.directory.asked_id ?? -1 });
  };

  test('is asked for where the operator has opened it', () => {
    expect(online().sent).toEqual([{ type: 'directory', id: 1, query: '' }]);
    const closed = home()
      .opened()
      .frame({ ...golden('welcome'), directory: false });
    expect(closed.sent).toEqual([]);
  });

  test('shows what its people do', () => {
    const core = listed();
    const [bob] = golden('directory').users;
    core.frame({ type: 'presence', user: bob?.user ?? '', presence: 'ringing' });
    expect(core.state.directory.users).toEqual([{ ...bob, presence: 'ringing' }]);
  });

  test('is searched; an answer to an earlier question is stale', () => {
    const core = online();
    const early = core.state.directory.asked_id ?? -1;
    expect(core.feed({ event: 'directory-search', query: 'bo' }).sent).toMatchObject([{ query: 'bo' }]);
    core.frame({ ...golden('directory'), in_reply_to: early });
    expect(core.state.directory.users).toEqual([]);
  });

  test('is asked for again after 15 s, on the first page alone', () => {
    const core = listed().after(5_000).after(5_000).frame({ type: 'heartbeat-ack' }).after(4_999);
    expect(core.sent).toEqual([]);
    expect(core.after(1).sent).toContainEqual(expect.objectContaining({ type: 'directory' }));
    core.feed({ event: 'open-room', room: ROOM });
    core.after(15_000);
    expect(core.sent.map(({ type }) => type)).not.toContain('directory');
    expect(core.state.directory.refresh_at_ms).toBeUndefined();
  });

  test('is asked for again after an outage that was longer than the wait, though the epoch goes on', () => {
    const core = listed().closed();
    const { session, epoch } = core.state.link.session ?? {};
    const welcome = { ...golden('welcome'), resumed: true, session: session ?? '', epoch: epoch ?? '' };
    core
      .after(0)
      .opened()
      .frame({ ...welcome, last_command: 1 });
    expect(core.sent, 'a short one changes nothing').toEqual([]);
    core.closed().after(1_000).after(9_999).feed({ event: 'reconnect-now' });
    core.closed().after(15_000).opened();
    core.frame({ ...welcome, last_command: 1 });
    expect(core.sent).toMatchObject([{ type: 'directory' }]);
    expect(core.state.directory.refresh_at_ms).toBeGreaterThan(core.now_ms);
  });

  test('that is closed meanwhile is no longer shown', () => {
    const core = listed().feed({ event: 'directory-search', query: 'x' });
    const in_reply_to = core.state.directory.asked_id ?? -1;
    core.frame({ type: 'error', code: 'directory-off', message: '', in_reply_to });
    expect(core.state.directory).toMatchObject({ open: false, users: [] });
  });
});

describe('the calls that are over', () => {
  test('are fetched when the page is welcomed, when one is missed, and when one ends', () => {
    expect(online().done).toContain('load-calls');
    expect(online().frame(golden('missed-call')).done).toContain('load-calls');
    expect(new Core().inCall().frame(golden('call-ended')).done).toContain('load-calls');
  });

  test.each([
    [call({}), 'missed'],
    [call({ reason: 'cancelled' }), 'missed'],
    [call({ reason: 'declined' }), 'in'],
    [call({ active_unix_ms: 2000, reason: 'hangup' }), 'in'],
    [call({ caller: { user: ME }, callee: { user: 'bob' } }), 'out'],
    [call({ kind: { is: 'room', room: ROOM } }), 'room'],
  ] as const)('%#: %s', (one, direction) => {
    expect(directionOf(one, ME)).toBe(direction);
  });

  test('count as missed until they were seen', () => {
    const core = online().feed({ event: 'calls-listed', calls: [call({}), call({ began_unix_ms: 500 })] });
    expect(unseen(core.state)).toBe(2);
    core.feed({ event: 'calls-seen', at_unix_ms: 500 });
    expect(core.effects).toEqual([{ effect: 'remember-calls-seen', at_unix_ms: 500 }]);
    expect(unseen(core.state)).toBe(1);
    expect(core.feed({ event: 'calls-seen', at_unix_ms: 400 }).effects).toEqual([]);
  });

  test('are the latest, and only those that are over', () => {
    const many = Array.from({ length: 20 }, () => call({}));
    const core = online().feed({ event: 'calls-listed', calls: [call({ status: 'active' }), ...many] });
    expect(shown(core.state)).toHaveLength(SHOWN_MAX);
    expect(shown(core.state).every(({ status }) => status === 'ended')).toBe(true);
  });

  test('lead back to who it was with', () => {
    expect(againOf(call({}), ME)).toEqual({ is: 'direct', user: 'bob', name: 'Bob' });
    const out = call({ caller: { user: ME }, callee: { user: 'cat' } });
    expect(againOf(out, ME)).toEqual({ is: 'direct', user: 'cat', name: '' });
    expect(againOf(call({ kind: { is: 'room', room: ROOM } }), ME)).toEqual({ is: 'room', room: ROOM });
  });
});
