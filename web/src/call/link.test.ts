/** The link to the hub: waits, heartbeats, and what happens to commands while it is away. */
import { describe, expect, test } from 'vitest';
import { RECONNECT_BACKOFF_MS } from '../protocol/wire.ts';
import { backoff_ms } from './backoff.ts';
import { ADA, BOB, Core, golden, participant, callOf } from './fixtures.ts';
import { OUTBOX_DEPTH } from './link.ts';
import { statusOf } from './state.ts';

/** In a call with Bob, who is there. */
const inCall = () => new Core().inCall(callOf(participant(BOB, 2)));
const resumed = () => golden('welcome', 'welcome-resumed');
const offer = (() => {
  const frame = golden('signal', 'signal-offer');
  return frame.signal;
})();

describe('backoff', () => {
  test('grows to its last step and stays there', () => {
    const waits = Array.from({ length: 9 }, (_, attempt) => backoff_ms(attempt, 0));
    expect(waits).toEqual([...RECONNECT_BACKOFF_MS, 10_000, 10_000, 10_000]);
  });

  test('chance only shortens', () => {
    for (const random of [0, 0.25, 0.5, 0.999]) {
      RECONNECT_BACKOFF_MS.forEach((full_ms, attempt) => {
        expect(backoff_ms(attempt, random)).toBeLessThanOrEqual(full_ms);
        expect(backoff_ms(attempt, random)).toBeGreaterThanOrEqual(full_ms * 0.7);
      });
    }
  });

  test('the link waits that long between attempts, the first time not at all', () => {
    const core = inCall();
    for (const wait_ms of RECONNECT_BACKOFF_MS) {
      core.closed();
      if (wait_ms > 0) expect(core.after(wait_ms - 1).done).toEqual([]);
      expect(core.after(wait_ms > 0 ? 1 : 0).done).toEqual(['open-socket']);
    }
  });

  test('a network that comes back starts an attempt at once', () => {
    const core = inCall();
    for (const wait_ms of RECONNECT_BACKOFF_MS) core.closed().after(wait_ms);
    expect(core.closed().feed({ event: 'online' }).done).toEqual(['open-socket']);
  });

  test('a hub that welcomes and closes again is not hammered', () => {
    const core = inCall().closed().after(0);
    core.opened().frame(resumed()).closed();
    expect(core.after(999).done).toEqual([]);
    expect(core.after(1).done).toEqual(['open-socket']);
  });

  test('a hub that asks to wait is waited for, whatever the network says', () => {
    const core = inCall();
    core.frame({ type: 'going-away', retry_after_ms: 30_000 }).closed(1001);
    core.feed({ event: 'online' });
    expect(core.after(29_999).done).toEqual([]);
    expect(core.after(1).done).toEqual(['open-socket']);
  });
});

describe('a wait that the hub asks for', () => {
  const limited = { type: 'error' as const, code: 'rate-limited' as const, message: '' };

  test('in the middle of an epoch is kept to when the socket closes', () => {
    const core = inCall()
      .numbered(1, { ...limited, retry_after_ms: 30_000 })
      .closed(4006);
    expect(core.after(29_999).done).toEqual([]);
    expect(core.after(1).done).toEqual(['open-socket']);
  });

  test('before one command is said again is not for the socket', () => {
    const core = inCall().numbered(1, { ...limited, retry_after_ms: 30_000, in_reply_to: 1 });
    expect(core.closed().after(0).done).toEqual(['open-socket']);
  });
});

describe('heartbeat', () => {
  test('is sent as often as the hub said', () => {
    const core = inCall();
    expect(core.after(4_999).sent).toEqual([]);
    expect(core.after(1).sent).toEqual([{ type: 'heartbeat' }]);
    core.frame({ type: 'heartbeat-ack' });
    expect(core.after(5_000).sent).toEqual([{ type: 'heartbeat' }]);
  });

  test('silence means a dead socket, whose late close is then nobody’s', () => {
    const core = inCall();
    const old = core.state.link.socket;
    core.after(5_000).after(5_000).after(1_999);
    expect(core.after(1).done).toEqual(['hub-reachable', 'close-socket']);
    core.after(0);
    const opening = core.state;
    core.feed({ event: 'socket-closed', socket: old, code: 1006, random: 0 });
    expect(core.state).toBe(opening);
  });

  test('any frame is a sign of life', () => {
    const core = inCall();
    core.after(5_000).after(5_000).after(1_000).frame(golden('media-state'));
    expect(core.after(1_000).done).not.toContain('close-socket');
    expect(core.after(4_000).after(5_000).after(2_000).done).toContain('close-socket');
  });

  test('so is one of a type that this page does not know', () => {
    const core = inCall().feed({ event: 'probe' }).frame({ type: 'unknown' });
    expect(core.after(2_000).done).not.toContain('close-socket');
  });

  test('a socket that does not prove itself after a change of network is dropped after 2 s', () => {
    const core = inCall();
    expect(core.feed({ event: 'online' }).sent).toEqual([{ type: 'heartbeat' }]);
    expect(core.after(1_999).done).toEqual([]);
    expect(core.after(1).done).toContain('close-socket');
  });

  test('a socket that never opens is given up', () => {
    const core = new Core().feed({ event: 'navigated', room: 'team-sync', autojoin: true });
    expect(core.after(10_000).done).toEqual(['close-socket']);
    expect(core.after(0).done).toEqual(['open-socket']);
  });
});

describe('while the hub is away', () => {
  test('no connection is touched, and the page says so', () => {
    const core = inCall();
    const { page } = core.state;
    expect(core.closed().effects).toEqual([{ effect: 'hub-reachable', reachable: false }]);
    expect(core.state.page).toBe(page);
    expect(statusOf(core.state)).toBe('reconnecting');
  });

  test('commands wait and are said in order after the session is back', () => {
    const core = inCall().closed();
    core.feed({ event: 'toggle', kind: 'mic' });
    core.feed({ event: 'pair-says', participant: BOB, signal: offer });
    expect(core.sent).toEqual([]);
    core.after(0).opened();
    core.frame({ ...resumed(), epoch: golden('welcome').epoch, last_command: 1, calls: [] });
    expect(core.sent.map(({ type }) => type)).toEqual(['media-state', 'signal']);
    expect(core.sent.map((frame) => 'id' in frame && frame.id)).toEqual([2, 3]);
    expect(statusOf(core.state)).toBe('connected');
  });

  test('the outbox has a depth, and the oldest signal goes', () => {
    const core = inCall().closed();
    const first = core.state.link.next_id;
    for (let i = 0; i < OUTBOX_DEPTH + 10; i += 1) {
      core.feed({ event: 'pair-says', participant: BOB, signal: offer });
    }
    const { outbox } = core.state.link;
    expect(outbox).toHaveLength(OUTBOX_DEPTH);
    expect(outbox.at(-1)).toMatchObject({ id: first + OUTBOX_DEPTH + 9 });
  });

  test('a new session drops what waited and asks for the call again; the old tiles stay until then', () => {
    const core = inCall().closed();
    core.feed({ event: 'pair-says', participant: BOB, signal: offer });
    core.after(0).opened().frame(golden('welcome'));
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: golden('joined').call.id }]);
    expect(core.done).not.toContain('end-call');
    expect(core.state.page).toMatchObject({ at: 'call', people: [{ id: ADA }, { id: BOB }] });
    const again = { ...callOf(), id: 'another-call' };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call: again });
    expect(core.done).toEqual(['store-call', 'end-call', 'begin-call']);
  });

  test('refused credentials are forgotten, and the next attempt goes without', () => {
    const core = inCall().closed().after(0).opened();
    core.frame({ type: 'error', code: 'bad-credentials', message: '' });
    expect(core.effects).toContainEqual({ effect: 'remember-guest', guest: undefined });
    core.closed(4002).after(1000);
    expect(core.opened().sent).toMatchObject([{ type: 'hello' }]);
    expect(core.sent[0]).not.toHaveProperty('guest');
    expect(core.sent[0]).not.toHaveProperty('resume');
  });
});
