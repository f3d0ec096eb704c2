/** What the hub's frames and the socket's ups and downs do to the page. Pure. */
import type { CallSnapshot, ErrorCode, HubFrame } from '../protocol/wire.ts';
import { announce, closeAll } from './devices.ts';
import * as link from './link.ts';
import * as roster from './roster.ts';
import { mediaOf, type Next, type PageEffect, type PageEvent, type Refusal, type State } from './state.ts';

/** Close code 4005: the same session came back on another socket, so this one must not fight for it. */
const TAKEN_OVER = 4005;
/** Close codes that say for themselves why the hub does not let this client in. */
const TROUBLES: Partial<Record<number, ErrorCode>> = {
  4007: 'hub-full',
  4008: 'banned',
  4009: 'address-full',
};

/** A frame of the current socket. */
export function onFrame(before: State, now_ms: number, frame: HubFrame): Next {
  const saidGoodbye = before.link.farewell_until_ms !== undefined;
  const [state, effects] = withLink(before, link.heard(before.link, now_ms, frame));
  const [next, more] = saidGoodbye ? leaving(state, frame) : react(state, frame);
  return [next, [...effects, ...more]];
}

/** Asks for a place in the room that the page is about. */
export function askToJoin(state: State): Next {
  const { page } = state;
  if (page.at !== 'joining' && page.at !== 'call') return [state, []];
  const id = state.link.next_id;
  const join = { type: 'join' as const, room: page.room, media: mediaOf(state.devices) };
  return withLink({ ...state, join_id: id }, link.say(state.link, join));
}

/** The current socket closed. */
export function onClosed(state: State, now_ms: number, event: PageEvent & { event: 'socket-closed' }): Next {
  if (event.code === TAKEN_OVER) return refuse(state, { code: 'taken-over', retry_after_ms: undefined });
  const trouble = TROUBLES[event.code] ?? state.trouble;
  return withLink({ ...state, trouble, join_id: undefined }, link.lost(state.link, now_ms, event.random));
}

/** `state` with the link's next step. */
export function withLink(state: State, [next, effects]: [link.Link, link.LinkEffect[]]): Next {
  return [{ ...state, link: next }, effects];
}

/** After the user left: a place that is given only now is given back. */
function leaving(state: State, frame: HubFrame): Next {
  if (frame.type === 'joined' && frame.in_reply_to === state.join_id) {
    return withLink({ ...state, join_id: undefined }, link.farewell(state.link, [frame.call.id]));
  }
  if (frame.type === 'error' && frame.in_reply_to === state.join_id) {
    return withLink({ ...state, join_id: undefined }, link.stop(state.link));
  }
  return [state, []];
}

function react(state: State, frame: HubFrame): Next {
  switch (frame.type) {
    case 'welcome':
      return onWelcome(state, frame);
    case 'joined':
      if (frame.in_reply_to !== state.join_id) return [state, []];
      return enter({ ...state, join_id: undefined }, frame.call);
    case 'ice-servers':
      return [state, [{ effect: 'use-ice', ice: frame.ice }]];
    case 'error':
      return onError(state, frame);
    case 'peer-joined':
    case 'peer-left':
    case 'peer-disconnected':
    case 'peer-reconnected':
    case 'media-state':
    case 'signal':
      return onCallFrame(state, frame);
    default:
      return [state, []];
  }
}

function onWelcome(state: State, frame: HubFrame & { type: 'welcome' }): Next {
  const effects: PageEffect[] = [
    { effect: 'remember-guest', guest: state.link.guest },
    { effect: 'use-ice', ice: frame.ice },
  ];
  const welcomed: State = { ...state, trouble: undefined, join_id: undefined };
  const [next, more] = takePlace(welcomed, frame.calls);
  return [next, [...effects, ...more]];
}

/** After a welcome: into the room's call where the session already has a place in it, else by asking for one. */
function takePlace(state: State, calls: CallSnapshot[]): Next {
  const { page } = state;
  if (page.at !== 'joining' && page.at !== 'call') return [state, []];
  const call = calls.find((one) => one.kind.is === 'room' && one.kind.room === page.room);
  if (!call) return askToJoin(state);
  if (page.at === 'joining' || page.call !== call.id || page.you !== call.you) return enter(state, call);
  const [people, effects] = roster.resync(page.people, call);
  return announce({ ...state, page: { ...page, people } }, effects);
}

/** Into the call; the connections of an earlier place, if any, end here. */
function enter(state: State, call: CallSnapshot): Next {
  const { page } = state;
  if (page.at !== 'joining' && page.at !== 'call') return [state, []];
  const [people, effects] = roster.fresh(call);
  const begin: PageEffect[] = [{ effect: 'begin-call' }];
  if (page.at === 'call') begin.unshift({ effect: 'end-call' });
  const next: State['page'] = { at: 'call', room: page.room, call: call.id, you: call.you, people };
  return announce({ ...state, page: next }, [...begin, ...effects]);
}

function onError(state: State, frame: HubFrame & { type: 'error' }): Next {
  const refusal: Refusal = { code: frame.code, retry_after_ms: frame.retry_after_ms };
  if (state.join_id !== undefined && frame.in_reply_to === state.join_id) return refuse(state, refusal);
  if (frame.code === 'bad-credentials') return [state, [{ effect: 'remember-guest', guest: undefined }]];
  if (state.link.phase.is !== 'opening') return [state, []];
  if (frame.code === 'unsupported-protocol' || frame.code === 'invalid-name') return refuse(state, refusal);
  return [{ ...state, trouble: frame.code }, []];
}

/** Out of the room, for a reason that only the user can do something about. */
function refuse(state: State, refusal: Refusal): Next {
  const { page } = state;
  if (page.at === 'landing' || page.at === 'left' || page.at === 'refused') return [state, []];
  const effects: PageEffect[] = page.at === 'call' ? [{ effect: 'end-call' }] : [];
  const [closed, closing] = closeAll({ ...state, join_id: undefined });
  const [off, stopping] = withLink(closed, link.stop(closed.link));
  const next: State = { ...off, page: { at: 'refused', room: page.room, refusal } };
  return [next, [...effects, ...closing, ...stopping]];
}

type CallFrame = Extract<
  HubFrame,
  {
    type: 'peer-joined' | 'peer-left' | 'peer-disconnected' | 'peer-reconnected' | 'media-state' | 'signal';
  }
>;

function onCallFrame(state: State, frame: CallFrame): Next {
  const { page } = state;
  if (page.at !== 'call' || frame.call !== page.call) return [state, []];
  const put = ([people, effects]: [typeof page.people, PageEffect[]]): Next => [
    { ...state, page: { ...page, people } },
    effects,
  ];
  switch (frame.type) {
    case 'peer-joined':
      return put(roster.joined(page.people, page.you, frame.participant));
    case 'peer-left':
      return put(roster.left(page.people, frame.participant));
    case 'peer-disconnected':
      return put(roster.away(page.people, frame));
    case 'peer-reconnected':
      return put(roster.back(page.people, page.you, frame));
    case 'media-state':
      return put([roster.switched(page.people, frame.participant, frame.media), []]);
    case 'signal': {
      const from = page.people.find((person) => person.id === frame.from);
      const you = page.people.find((person) => person.id === page.you);
      const current =
        from?.incarnation === frame.from_incarnation && you?.incarnation === frame.to_incarnation;
      if (!from || !current) return [state, []];
      return [state, [{ effect: 'pair-hears', participant: from.id, signal: frame.signal }]];
    }
  }
}
