/** One's own place in a call: asking for it, getting it, not getting it, losing it. Pure. */
import type { CallId, CallSnapshot, Caller, HubFrame } from '../protocol/wire.ts';
import { announce, closeAll } from './devices.ts';
import { isOtherName, isUnacknowledged, say, type Continuity } from './link.ts';
import { displayName } from './names.ts';
import { summary } from './quality.ts';
import * as rejoin from './rejoin.ts';
import * as ringing from './ringing.ts';
import * as roster from './roster.ts';
import {
  callOf,
  chain,
  mediaOf,
  targetOf,
  withLink,
  type Next,
  type Page,
  type PageEffect,
  type Refusal,
  type State,
  type Target,
  type Why,
} from './state.ts';

/** Asks for a place in the room that the page is about. Who has just chosen another name asks in a session of it. */
export function askToJoin(state: State): Next {
  const { page } = state;
  const target = targetOf(page);
  const begins = page.at === 'joining' && page.by === 'join';
  if (target?.is !== 'room') return [state, []];
  if (begins && isOtherName(state.link, displayName(state.name))) return [state, []];
  const join = { type: 'join' as const, room: target.room, media: mediaOf(state.devices) };
  return withLink({ ...state, join_id: state.link.next_id }, say(state.link, join));
}

/** After a welcome: into the call where the session has a place in it, else by asking for one. */
export function take(state: State, now_ms: number, calls: CallSnapshot[], how: Continuity): Next {
  const { page } = state;
  switch (page.at) {
    case 'call': {
      // The same epoch: nothing was lost, what was missed follows.
      if (how === 'same-epoch') return [state, []];
      const call = calls.find((one) => one.id === page.call);
      return call ? enter(state, now_ms, call) : rejoin.sayRejoin(state);
    }
    case 'joining': {
      const call = calls.find((one) => isFor(page, one));
      if (call && !state.link.held) return enter(state, now_ms, call);
      return isPending(state, how) ? [state, []] : ask(state);
    }
    case 'calling': {
      const call = calls.find((one) => isFor(page, one));
      if (call) return callingAgain(state, now_ms, call);
      if (isPending(state, how)) return [state, []];
      if (!page.snapshot) return ringing.sayCall(state);
      return how === 'same-epoch' ? [state, []] : becameOf(state, page.to, page.snapshot.id);
    }
    case 'rejoin': {
      if (how === 'same-epoch') return [state, []];
      const call = how === 'new-epoch' && calls.find((one) => one.id === page.stored.call);
      return call ? [{ ...state, page: rejoin.asked(page, now_ms, call) }, []] : over(state, now_ms, 'over');
    }
    default:
      return [state, []];
  }
}

/** Whether the answer to what was asked is still on its way. */
function isPending({ link, join_id }: State, how: Continuity): boolean {
  return join_id !== undefined && (how === 'same-epoch' || isUnacknowledged(link, join_id));
}

/** Whether `call` is the one that the page waits for. */
function isFor(page: Page & { at: 'joining' | 'calling' }, snapshot: CallSnapshot): boolean {
  const { id, kind, state, participants } = snapshot;
  const call = callOf(page);
  if (call !== undefined) return id === call;
  if (page.at === 'calling') {
    const { user } = page.to;
    if (state.is === 'ringing') return state.to === user;
    return kind.is === 'direct' && participants.some((one) => one.user === user);
  }
  return kind.is === 'room' && page.target.is === 'room' && kind.room === page.target.room;
}

function ask(state: State): Next {
  const { page } = state;
  if (page.at !== 'joining') return [state, []];
  switch (page.by) {
    case 'join':
      return askToJoin(state);
    case 'accept':
      return ringing.sayAccept(state);
    case 'rejoin':
      return rejoin.sayRejoin(state);
  }
}

function callingAgain(state: State, now_ms: number, call: CallSnapshot): Next {
  if (call.state.is === 'active') return enter(state, now_ms, call);
  return [ringing.ringingThere(state, now_ms, { type: 'ringing', in_reply_to: 0, call }), []];
}

/** It no longer rings by the hub's account: into the call, if it was accepted meanwhile, or to why it ended. */
function becameOf(state: State, to: Caller, call: CallId): Next {
  const page: Page = { at: 'joining', target: { is: 'direct', ...to }, by: 'rejoin', call };
  return rejoin.sayRejoin({ ...state, page });
}

/** The hub gave a place. One that nobody waits for any more is given back. */
export function given(state: State, now_ms: number, frame: HubFrame & { type: 'joined' | 'ringing' }): Next {
  const { page } = state;
  // Who gave up and asked again at once waits for the same place: the hub gives one, and answers twice.
  const asksAgain = (page.at === 'joining' || page.at === 'calling') && isFor(page, frame.call);
  if (frame.in_reply_to === state.join_id || asksAgain) {
    const answered: State = { ...state, join_id: undefined };
    return frame.type === 'ringing'
      ? [ringing.ringingThere(answered, now_ms, frame), []]
      : enter(answered, now_ms, frame.call);
  }
  // Said twice, since the command was.
  if (callOf(page) === frame.call.id) return [state, []];
  return withLink(state, say(state.link, { type: 'leave', call: frame.call.id }));
}

/** The one who was called has accepted. */
export function answered(state: State, now_ms: number, call: CallId): Next {
  const { page } = state;
  if (page.at !== 'calling' || page.snapshot?.id !== call) return [state, []];
  return enter(state, now_ms, page.snapshot);
}

/** Into the call. Pairs of an earlier place in it, if it is another one, end here. */
export function enter(before: State, now_ms: number, call: CallSnapshot): Next {
  const { page } = before;
  const target = targetOf(page);
  if (!target) return [before, []];
  // Who calls somebody that calls them is in that call: it does not ring any more.
  const state: State = {
    ...ringing.silence(before, call.id),
    join_id: undefined,
    link: { ...before.link, hold: false },
  };
  if (page.at === 'call' && page.call === call.id && page.you === call.you) {
    const [people, effects] = roster.resync(page.people, call, now_ms);
    return announce({ ...state, page: { ...page, people } }, effects);
  }
  const [people, effects] = roster.fresh(call, now_ms);
  const begin: PageEffect[] = [{ effect: 'begin-call' }];
  if (page.at === 'call') begin.unshift({ effect: 'end-call' });
  const next: Page = { at: 'call', target, call: call.id, you: call.you, people };
  return announce({ ...state, page: next }, [...begin, ...effects]);
}

/** The hub refused what was asked for. */
export function denied(before: State, now_ms: number, refusal: Refusal): Next {
  const state: State = { ...before, join_id: undefined };
  const { page } = state;
  const gone = refusal.code === 'unknown-call' || refusal.code === 'not-in-call';
  const by = page.at === 'call' ? 'rejoin' : page.at === 'joining' ? page.by : undefined;
  if (gone && by === 'rejoin') {
    // The hub knows nothing of that call, nor why it ended; its room is still there to be joined.
    return targetOf(page)?.is === 'room' ? askToJoin(state) : over(state, now_ms, 'over');
  }
  if (by === 'accept' && (gone || refusal.code === 'not-ringing')) return over(state, now_ms, 'over');
  return refuse(state, refusal);
}

/** One's own place was given up or given away, and the call goes on: who is still here asks for another one. */
export function gone(state: State, now_ms: number, frame: HubFrame & { type: 'peer-left' }): Next {
  if (frame.reason === 'call-ended') return [state, []];
  if (frame.reason === 'hangup') return over(state, now_ms, undefined);
  return state.page.at === 'call' ? rejoin.sayRejoin(state) : over(state, now_ms, 'gone');
}

/** The page is out of its call: everything of it ends here. `why` is undefined when the user wanted it. */
export function over(state: State, now_ms: number, why: Why): Next {
  const spent = state.record && summary(state.record, now_ms);
  return end(state, (target) => ({ at: 'left', target, summary: spent, why }));
}

/** Out of the call, for a reason that only the user can do something about. */
export function refuse(state: State, refusal: Refusal): Next {
  return end(state, (target) => ({ at: 'refused', target, refusal }));
}

function end(state: State, page: (target: Target) => Page): Next {
  const { at } = state.page;
  const target = targetOf(state.page);
  if (!target || at === 'left' || at === 'refused') return [state, []];
  const ending: PageEffect[] = at === 'call' ? [{ effect: 'end-call' }] : [];
  return chain([{ ...state, page: page(target), join_id: undefined }, ending], closeAll);
}

/** Whether the page may end its call for everyone: a room's host may; a call of two ends with either anyway. */
export function isHost({ page }: State): boolean {
  if (page.at !== 'call' || page.target.is !== 'room') return false;
  return page.people.some(({ id, role }) => id === page.you && role === 'host');
}

/** Ends the call for everyone. Should the hub refuse that, it is left all the same. */
export function endForAll(state: State, now_ms: number): Next {
  const call = callOf(state.page);
  if (call === undefined || !isHost(state)) return [state, []];
  const ended = chain(over(state, now_ms, 'ended-here'), (next) =>
    withLink(next, say(next.link, { type: 'end', call })),
  );
  return chain(ended, (next) => withLink(next, say(next.link, { type: 'leave', call })));
}

/** Hangs up, gives up ringing, or says no to coming back. The hub is told now, or as soon as it can be reached. */
export function leave(state: State, now_ms: number, why?: Why): Next {
  const call = callOf(state.page);
  const left = over(state, now_ms, why);
  // Before the hub has named the call there is nothing to leave; a place that it gives later is given back.
  return call === undefined
    ? left
    : chain(left, (next) => withLink(next, say(next.link, { type: 'leave', call })));
}
