/** What is numbered: nothing is lost, nothing is done twice, and a new epoch starts from what the hub shows. */
import { describe, expect, test } from 'vitest';
import { ADA, BOB, Core, callOf, golden, participant } from './fixtures.ts';
import { PROBE_TIMEOUT_MS } from '../protocol/wire.ts';

const CALL = golden('joined').call.id;
/** In a call with Bob, who is there. */
const inCall = () => new Core().inCall(callOf(participant(BOB, 2)));
const chat = golden('media-state');
const offer = golden('signal', 'signal-offer').signal;
/** The session's own epoch goes on. */
const sameEpoch = (last_command: number) => ({
  ...golden('welcome', 'welcome-resumed'),
  epoch: golden('welcome').epoch,
  calls: [],
  last_command,
});
const newEpoch = (last_command: number, call = callOf(participant(BOB, 2))) => ({
  ...golden('welcome', 'welcome-resumed'),
  calls: [call],
  last_command,
});
/** Bob's microphone, as the page knows it. */
const bobsAudio = ({ state: { page } }: Core) =>
  page.at === 'call' && page.people.find(({ id }) => id === BOB)?.media.audio;

describe('frames of the hub', () => {
  test('are acknowledged after sixteen', () => {
    const core = inCall();
    for (let seq = 1; seq < 16; seq += 1) expect(core.numbered(seq, chat).acked).toEqual([]);
    expect(core.numbered(16, chat).acked).toEqual([16]);
    expect(core.numbered(17, chat).acked).toEqual([]);
  });

  test('are acknowledged after a second, when they are fewer', () => {
    const core = inCall().numbered(1, chat).after(400).numbered(2, chat);
    expect(core.after(599).acked).toEqual([]);
    expect(core.after(1).acked).toEqual([2]);
    expect(core.after(2_000).acked).toEqual([]);
  });

  test('that come twice are taken in once', () => {
    const core = inCall().numbered(1, { ...chat, media: { ...chat.media, audio: false } });
    expect(bobsAudio(core)).toBe(false);
    const state = core.state.page;
    core.numbered(1, { ...chat, media: { ...chat.media, audio: true } });
    expect(core.state.page).toBe(state);
  });

  test('after a hole are not taken in: the socket is left, and the hub goes on from the hole', () => {
    const core = inCall().numbered(1, chat);
    const { page } = core.state;
    core.numbered(3, { ...chat, media: { ...chat.media, audio: false } });
    expect(core.done).toContain('close-socket');
    expect(core.state.page).toBe(page);
    expect(core.after(0).opened().sent).toMatchObject([{ type: 'hello', resume: { seq: 1 } }]);
  });

  test('of an unknown type are counted like any other, and change nothing', () => {
    const core = inCall();
    const { page } = core.state;
    core.frame({ type: 'unknown', seq: 1 });
    expect(core.done).toEqual([]);
    expect(core.state.page).toBe(page);
    core.numbered(2, chat);
    expect(core.done).not.toContain('close-socket');
    expect(core.state.link.seq).toBe(2);
  });

  test('welcome is acknowledged at once, with the number that the session goes on from', () => {
    const core = inCall().numbered(1, chat).numbered(2, chat).closed().after(0).opened();
    expect(core.frame(sameEpoch(1)).acked).toEqual([2]);
    core.closed().after(1_000).opened();
    expect(core.frame(newEpoch(1)).acked).toEqual([0]);
    expect(core.numbered(1, chat).state.link.seq).toBe(1);
  });
});

describe('the token', () => {
  test('is stored before the ack that makes the one before worthless', () => {
    const core = inCall().closed().after(0).opened();
    core.frame({ ...sameEpoch(1), token: 'the next' });
    const kinds = core.effects.map((effect) =>
      effect.effect === 'send' ? effect.frame.type : effect.effect,
    );
    expect(kinds.indexOf('store-call')).toBeGreaterThanOrEqual(0);
    expect(kinds.indexOf('store-call')).toBeLessThan(kinds.indexOf('ack'));
    expect(core.state.stored?.session.token).toBe('the next');
    core.closed().after(1_000);
    expect(core.opened().sent).toMatchObject([{ resume: { token: 'the next' } }]);
  });

  test('of a welcome that never came is not known, so the old one is said again', () => {
    const core = inCall().closed().after(0).opened().closed().after(1_000);
    expect(core.opened().sent).toMatchObject([{ attempt: 3, resume: { token: golden('welcome').token } }]);
  });
});

describe('commands', () => {
  test('are kept until the hub has acknowledged them, and said again on the next socket', () => {
    const core = inCall().frame({ type: 'ack', command: 1 });
    core.feed({ event: 'pair-says', participant: BOB, signal: offer });
    core.feed({ event: 'toggle', kind: 'mic' });
    expect(core.state.link.outbox.map(({ id }) => id)).toEqual([2, 3]);
    core.closed().after(0).opened().frame(sameEpoch(2));
    expect(core.sent).toMatchObject([{ type: 'media-state', id: 3 }]);
    core.frame({ type: 'ack', command: 3 });
    expect(core.state.link.outbox).toEqual([]);
  });

  test('in a new epoch are said again, but for the signals', () => {
    const core = inCall().closed();
    core.feed({ event: 'pair-says', participant: BOB, signal: offer });
    core.feed({ event: 'toggle', kind: 'mic' });
    core.after(0).opened().frame(newEpoch(1));
    expect(core.sent.map(({ type }) => type)).toContain('media-state');
    expect(core.sent.map(({ type }) => type)).not.toContain('signal');
  });
});

describe('a new epoch', () => {
  test('touches no pair whose two ends are the same', () => {
    const core = inCall().closed().after(0).opened().frame(newEpoch(1));
    expect(core.done.filter((effect) => effect.includes('pair') || effect.includes('-call'))).toEqual([
      'store-call',
    ]);
    expect(core.state.page.at).toBe('call');
  });

  test('that knows nothing of the call asks for it, and hears why it ended', () => {
    const core = inCall().closed().after(0).opened();
    core.frame({ ...newEpoch(1), calls: [] });
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'call-over', in_reply_to, call: CALL, reason: 'reconnect-failed' });
    expect(core.done).toContain('end-call');
    expect(core.state.page).toMatchObject({ at: 'left', why: 'reconnect-failed' });
    expect(core.state.stored).toBeUndefined();
  });
});

describe('a place that was given up while one was away', () => {
  const left = { ...golden('peer-left'), participant: ADA };

  test('is asked for again by who is still there; the connections belong to the old one', () => {
    const core = inCall().frame({ ...left, reason: 'seat-taken' });
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
    const call = { ...callOf(participant(BOB, 2)), you: 'another place' };
    core.frame({ type: 'joined', in_reply_to: core.state.join_id ?? -1, call });
    expect(core.done).toEqual(expect.arrayContaining(['end-call', 'begin-call']));
    expect(core.state.page).toMatchObject({ at: 'call', you: 'another place' });
  });

  test('and is not to be had in a full room', () => {
    const core = inCall().frame(left);
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'error', code: 'room-full', message: '', in_reply_to });
    expect(core.state.page).toMatchObject({ at: 'refused', refusal: { code: 'room-full' } });
  });

  test('is not asked for again when the call has ended', () => {
    expect(inCall().frame({ ...left, reason: 'call-ended' }).sent).toEqual([]);
  });
});

describe('a session that the hub no longer knows', () => {
  const forgotten = () => {
    const core = inCall().closed().after(0).opened();
    core.frame({ type: 'error', code: 'session-unknown', message: '' }).closed(4002).after(0);
    return core.opened();
  };

  test('is not claimed again; the call is asked for in a new one', () => {
    const core = forgotten();
    expect(core.sent[0]).not.toHaveProperty('resume');
    expect(core.sent[0]).toHaveProperty('guest');
    core.frame(golden('welcome'));
    expect(core.sent).toMatchObject([{ type: 'rejoin', call: CALL }]);
    core.frame({ ...golden('joined'), in_reply_to: core.state.join_id ?? -1 });
    expect(core.state.page).toMatchObject({ at: 'call', call: CALL });
  });

  test('nor its call: the room is still there to be joined', () => {
    const core = forgotten().frame(golden('welcome'));
    const in_reply_to = core.state.join_id ?? -1;
    core.frame({ type: 'error', code: 'unknown-call', message: '', in_reply_to });
    expect(core.sent).toMatchObject([{ type: 'join', room: 'team-sync' }]);
  });
});

describe('a socket that may be dead', () => {
  test('must answer within 2 s after the device slept', () => {
    const core = inCall();
    expect(core.after(60_000).sent).toEqual([{ type: 'heartbeat' }]);
    expect(core.after(PROBE_TIMEOUT_MS - 1).done).toEqual([]);
    expect(core.after(1).done).toContain('close-socket');
  });

  test('that answers goes on', () => {
    const core = inCall().after(60_000).frame({ type: 'heartbeat-ack' });
    expect(core.after(PROBE_TIMEOUT_MS).done).toEqual([]);
    expect(core.state.link.phase.is).toBe('up');
  });

  test('is not waited for when the network came back and it still owes an answer', () => {
    const core = inCall().feed({ event: 'probe' });
    expect(core.sent).toEqual([{ type: 'heartbeat' }]);
    expect(core.feed({ event: 'online' }).done).toEqual(['hub-reachable', 'close-socket', 'open-socket']);
  });

  test('a page that is looked at again asks, but once', () => {
    const core = inCall().feed({ event: 'probe' });
    expect(core.feed({ event: 'probe' }).sent).toEqual([]);
  });
});

describe('coming back', () => {
  test('over HTTP it is asked for the hub between attempts; its answer starts one', () => {
    const core = inCall().closed().after(0);
    expect(core.closed().done).toContain('probe-hub');
    expect(core.feed({ event: 'hub-answers' }).done).toEqual(['open-socket']);
  });

  test('a hub that asked to wait is not asked, whoever presses the button', () => {
    const core = inCall().closed().after(0);
    core.frame({ type: 'error', code: 'banned', message: '', retry_after_ms: 660_000 });
    expect(core.closed(4008).done).not.toContain('probe-hub');
    for (const event of ['hub-answers', 'reconnect-now', 'online'] as const) {
      expect(core.feed({ event }).done).toEqual([]);
    }
    expect(core.after(660_000).done).toEqual(['open-socket']);
  });

  test('the button tries at once, and the waits start over', () => {
    const core = inCall();
    for (const wait_ms of [0, 1_000, 2_000, 4_000]) core.closed().after(wait_ms);
    core.closed();
    expect(core.feed({ event: 'reconnect-now' }).done).toEqual(['open-socket']);
    expect(core.closed().after(0).done).toEqual(['open-socket']);
  });

  test('a hello that was overtaken is said again, with the session', () => {
    const core = inCall().closed().after(0).opened();
    core.frame({ type: 'error', code: 'stale-hello', message: '' }).closed(4002).after(1_000);
    expect(core.opened().sent).toMatchObject([{ attempt: 3, resume: { token: golden('welcome').token } }]);
  });
});
