/** What the hub's frames and the socket's ups and downs do to the page. Pure; who is in the call is `place.ts`. */
import type { CallId, ErrorCode, HubFrame } from '../protocol/wire.ts';
import * as directory from './directory.ts';
import * as history from './history.ts';
import * as link from './link.ts';
import * as place from './place.ts';
import * as rejoin from './rejoin.ts';
import * as ringing from './ringing.ts';
import * as roster from './roster.ts';
import {
  callOf,
  chain,
  withLink,
  type Next,
  type Page,
  type PageEffect,
  type PageEvent,
  type Refusal,
  type State,
} from './state.ts';

/** Close code 4005: the same session came back on another socket, so this one must not fight for it. */
const TAKEN_OVER = 4005;
/** Close codes that say for themselves why the hub does not let this client in. */
const TROUBLES: Partial<Record<number, ErrorCode>> = {
  4007: 'hub-full',
  4008: 'banned',
  4009: 'address-full',
};

/** A frame of the current socket. */
export function onFrame(before: State, now_ms: number, frame: link.Heard): Next {
  const fresh = link.isNext(before.link, frame);
  const how = frame.type === 'welcome' ? link.continuity(before.link, frame) : undefined;
  const stepped = withLink(before, link.heard(before.link, now_ms, frame));
  // What was taken in already changes nothing, and what follows a hole comes again.
  if (!fresh) return stepped;
  return chain(stepped, (state) =>
    frame.type === 'welcome'
      ? onWelcome(state, now_ms, frame, how ?? 'new-session')
      : react(state, now_ms, frame),
  );
}

/** The current socket closed. */
export function onClosed(state: State, now_ms: number, event: PageEvent & { event: 'socket-closed' }): Next {
  if (event.code === TAKEN_OVER) return takenOver(state, 'taken-over');
  const trouble = TROUBLES[event.code] ?? state.trouble;
  return withLink({ ...state, trouble }, link.lost(state.link, now_ms, event.random));
}

/** Another page has this one's session now. */
export function takenOver(state: State, code: 'taken-over' | 'moved'): Next {
  const [next, effects] = place.refuse(state, { code, retry_after_ms: undefined });
  return chain([next, effects], (refused) => withLink({ ...refused, rings: [] }, link.stop(refused.link)));
}

function onWelcome(
  state: State,
  now_ms: number,
  frame: HubFrame & { type: 'welcome' },
  how: link.Continuity,
): Next {
  const effects: PageEffect[] = [
    { effect: 'remember-guest', guest: state.link.guest },
    { effect: 'use-ice', ice: frame.ice },
  ];
  const known = ringing.resync(state, now_ms, frame.incoming, how !== 'same-epoch');
  const welcomed = directory.opened({ ...known, trouble: undefined }, frame.directory);
  const placed = chain([welcomed, effects], (next) => place.take(next, now_ms, frame.calls, how));
  const looked = chain(placed, (next) => {
    const goesOn = how === 'same-epoch' && next.directory.refresh_at_ms !== undefined;
    return goesOn ? [next, []] : directory.ask(next, now_ms);
  });
  return chain(looked, (next) => (next.page.at === 'landing' ? history.load(next) : [next, []]));
}

function react(state: State, now_ms: number, frame: link.Heard): Next {
  switch (frame.type) {
    case 'joined':
    case 'ringing':
      return place.given(state, now_ms, frame);
    case 'call-ended':
    case 'call-over':
      return onOver(state, now_ms, frame);
    case 'accepted-elsewhere':
      return [ringing.silence(state, frame.call), []];
    case 'left':
      return onLeft(state, now_ms, frame.call);
    case 'incoming-call':
      return [ringing.incoming(state, now_ms, frame), []];
    case 'missed-call':
      return history.load(state);
    case 'directory':
      return [directory.listed(state, frame), []];
    case 'presence':
      return [directory.changed(state, frame), []];
    case 'ice-servers':
      return [state, [{ effect: 'use-ice', ice: frame.ice }]];
    case 'error':
      return onError(state, now_ms, frame);
    case 'peer-joined':
    case 'peer-left':
    case 'peer-disconnected':
    case 'peer-reconnected':
    case 'media-state':
    case 'signal':
      return onCallFrame(state, now_ms, frame);
    default:
      return [state, []];
  }
}

/** A call is over, for the one reason that the hub gives: nothing of it stays open, rings or counts down. */
function onOver(before: State, now_ms: number, frame: HubFrame & { type: 'call-ended' | 'call-over' }): Next {
  const state = ringing.silence(before, frame.call);
  const own = callOf(state.page) === frame.call;
  const ended: Next = own ? place.over(state, now_ms, frame.reason) : [state, []];
  return chain(ended, history.load);
}

/** What was hung up or declined is over by now, and in the log. */
function onLeft(state: State, now_ms: number, call: CallId): Next {
  const own = callOf(state.page) === call;
  const left: Next = own ? place.over(state, now_ms, undefined) : [state, []];
  return chain(left, (next) => (next.page.at === 'landing' ? history.load(next) : [next, []]));
}

function onError(before: State, now_ms: number, frame: HubFrame & { type: 'error' }): Next {
  const state = directory.refused(before, frame);
  const refusal: Refusal = { code: frame.code, retry_after_ms: frame.retry_after_ms };
  if (state.join_id !== undefined && frame.in_reply_to === state.join_id) {
    return place.denied(state, now_ms, refusal);
  }
  if (frame.in_reply_to !== undefined) return [state, []];
  if (frame.code === 'bad-credentials') return [state, [{ effect: 'remember-guest', guest: undefined }]];
  if (state.link.phase.is !== 'opening') return [state, []];
  if (frame.code === 'unsupported-protocol' || frame.code === 'invalid-name') {
    return chain(place.refuse(state, refusal), (next) => withLink(next, link.stop(next.link)));
  }
  const rereads = frame.code === 'session-unknown' && rejoin.mayBeStale(state);
  return [{ ...state, trouble: frame.code }, rereads ? [{ effect: 'read-call' }] : []];
}

type CallFrame = Extract<
  HubFrame,
  {
    type: 'peer-joined' | 'peer-left' | 'peer-disconnected' | 'peer-reconnected' | 'media-state' | 'signal';
  }
>;

function onCallFrame(before: State, now_ms: number, frame: CallFrame): Next {
  if (frame.type === 'peer-left' && isOwn(before.page, frame)) return place.gone(before, now_ms, frame);
  const accepted = frame.type === 'peer-joined' && before.page.at === 'calling';
  return accepted
    ? chain(place.answered(before, now_ms, frame.call), (state) => onRoster(state, now_ms, frame))
    : onRoster(before, now_ms, frame);
}

function isOwn(page: Page, { call, participant }: HubFrame & { type: 'peer-left' }): boolean {
  const you = page.at === 'call' ? page.you : page.at === 'rejoin' ? page.place?.you : undefined;
  return participant === you && callOf(page) === call;
}

function onRoster(state: State, now_ms: number, frame: CallFrame): Next {
  const { page } = state;
  if (page.at !== 'call' || frame.call !== page.call) return [state, []];
  const put = ([people, effects]: [typeof page.people, PageEffect[]]): Next => [
    { ...state, page: { ...page, people } },
    effects,
  ];
  switch (frame.type) {
    case 'peer-joined':
      return put(roster.joined(page.people, page.you, frame.participant, now_ms));
    case 'peer-left':
      return put(roster.left(page.people, frame.participant));
    case 'peer-disconnected':
      return put(roster.away(page.people, frame, now_ms));
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
