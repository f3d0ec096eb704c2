/** What the user does outside of a call's switches: goes somewhere, joins, calls, answers, hangs up. Pure. */
import type { RoomName } from '../protocol/wire.ts';
import * as devices from './devices.ts';
import * as link from './link.ts';
import { displayName } from './names.ts';
import * as place from './place.ts';
import { forgotten } from './recent.ts';
import * as rejoin from './rejoin.ts';
import * as ringing from './ringing.ts';
import {
  chain,
  targetOf,
  withLink,
  type Next,
  type Page,
  type PageEvent,
  type State,
  type Target,
} from './state.ts';

export type UserEvent = Extract<
  PageEvent,
  {
    event:
      | 'navigated'
      | 'open-room'
      | 'go-home'
      | 'name-changed'
      | 'name-settled'
      | 'forget-room'
      | 'join'
      | 'leave'
      | 'end-for-all'
      | 'rejoin'
      | 'decline-rejoin'
      | 'move-here'
      | 'join-too'
      | 'not-here'
      | 'call-taken'
      | 'call-user'
      | 'accept'
      | 'decline'
      | 'page-hidden';
  }
>;

export function onUser(state: State, now_ms: number, event: UserEvent): Next {
  const { page } = state;
  switch (event.event) {
    case 'navigated':
      return navigated(state, now_ms, event);
    case 'open-room':
      return chain([state, [{ effect: 'show-path', room: event.room }]], (next) =>
        enterLobby(next, now_ms, event.room, false),
      );
    case 'go-home':
      return chain(place.leave(state, now_ms), (next) =>
        chain(goHome(next, now_ms), (home) => [home, [{ effect: 'show-path', room: undefined }]]),
      );
    case 'name-changed':
      return [{ ...state, name: event.name }, []];
    case 'name-settled':
      return reachable(state, now_ms);
    case 'forget-room': {
      const recent = forgotten(state.recent, event.room);
      return [{ ...state, recent }, [{ effect: 'remember-rooms', recent }]];
    }
    case 'join':
      return page.at === 'lobby' ? join(state, now_ms, page.room) : [state, []];
    case 'leave':
      return place.leave(state, now_ms);
    case 'end-for-all':
      return place.endForAll(state, now_ms);
    case 'page-hidden':
      // A call that is stored is one that the page after this one may come back to.
      return state.stored ? [state, []] : place.leave(state, now_ms);
    case 'call-user':
      return call(state, now_ms, event);
    case 'accept':
      return state.rings.some((ring) => ring.call === event.call)
        ? chain(place.leave(state, now_ms), (next) => ringing.accept(next, event.call, event.camera))
        : [state, []];
    case 'decline':
      return ringing.decline(state, event.call);
    default:
      return onReturn(state, now_ms, event.event === 'call-taken' ? event.stored : undefined, event.event);
  }
}

type ReturnEvent = 'rejoin' | 'decline-rejoin' | 'move-here' | 'join-too' | 'not-here' | 'call-taken';

function onReturn(
  state: State,
  now_ms: number,
  stored: rejoin.StoredCall | undefined,
  event: ReturnEvent,
): Next {
  const { page } = state;
  if (event === 'rejoin') {
    if (page.at === 'rejoin') return rejoin.agreed(state);
    if (wasMoved(page)) return [state, [{ effect: 'take-call' }]];
    return page.at === 'left' || page.at === 'refused' ? again(state, now_ms, page.target) : [state, []];
  }
  if (page.at === 'rejoin' && event === 'decline-rejoin') {
    return chain(place.leave(state, now_ms), (left) => goOn(left, now_ms, page.then));
  }
  if (event === 'call-taken' && (page.at === 'elsewhere' || wasMoved(page))) {
    return stored ? rejoin.comeBack(state, now_ms, stored) : goneMeanwhile(state);
  }
  if (page.at !== 'elsewhere') return [state, []];
  const { target } = page.stored;
  switch (event) {
    case 'move-here':
      return [state, [{ effect: 'take-call' }]];
    case 'join-too':
      return target.is === 'room' ? enterLobby(state, now_ms, target.room, false) : [state, []];
    case 'not-here':
      return goOn(state, now_ms, page.then);
    case 'decline-rejoin':
    case 'call-taken':
      return [state, []];
  }
}

/** Whether the call that was here went on in another tab, from where it can be fetched back. */
function wasMoved(page: Page): boolean {
  return page.at === 'refused' && page.refusal.code === 'moved';
}

/** The call ended while the user was being asked. */
function goneMeanwhile(state: State): Next {
  const target = targetOf(state.page);
  if (!target) return [state, []];
  return [{ ...state, page: { at: 'left', target, summary: undefined, why: 'over' } }, []];
}

/** The address changed: at the first load, or by the browser's back and forward. */
function navigated(state: State, now_ms: number, event: UserEvent & { event: 'navigated' }): Next {
  const { page } = state;
  const here = page.at === 'joining' || page.at === 'call' ? targetOf(page) : undefined;
  if (here?.is === 'room' && event.room === here.room) return [state, []];
  const found = event.found && rejoin.found(state, now_ms, event.found, event);
  if (found) return found;
  return chain(place.leave(state, now_ms), (left) =>
    event.room === undefined ? goHome(left, now_ms) : enterLobby(left, now_ms, event.room, event.autojoin),
  );
}

/** Where the address leads. */
function goOn(state: State, now_ms: number, room: RoomName | undefined): Next {
  return room === undefined ? goHome(state, now_ms) : enterLobby(state, now_ms, room, false);
}

function goHome(state: State, now_ms: number): Next {
  const [closed, effects] = devices.isAnyOpen(state.devices) ? devices.closeAll(state) : [state, []];
  return chain([{ ...closed, page: { at: 'landing' } }, effects], (next) => reachable(next, now_ms));
}

/** Who has a name can be called, so the hub is told that they are here; under a new name as a new session. */
export function reachable(state: State, now_ms: number): Next {
  const name = displayName(state.name);
  if (name === undefined) return [state, []];
  if (state.link.phase.is === 'off') {
    return chain(withLink(state, link.start(state.link, now_ms)), (next) => [
      next,
      [{ effect: 'remember-name', name }],
    ]);
  }
  if (!link.isOtherName(state.link, name) || link.isParting(state.link)) return [state, []];
  return chain(withLink(state, link.renew(state.link, now_ms)), (next) => [
    next,
    [{ effect: 'remember-name', name }],
  ]);
}

/** Before the call: devices open for a look. Who joins without a click goes on as soon as they have answered. */
function enterLobby(state: State, now_ms: number, room: RoomName, autojoin: boolean): Next {
  const named = autojoin && displayName(state.name) !== undefined;
  const lobby: State = { ...state, page: { at: 'lobby', room, autojoin: named }, trouble: undefined };
  const greeted: Next = named ? withLink(lobby, link.start(lobby.link, now_ms)) : [lobby, []];
  const opened = chain(greeted, devices.openWanted);
  return chain(opened, (next) => joinWhenSettled(next, now_ms));
}

/** Who joins by link alone joins when camera and microphone have answered. */
export function joinWhenSettled(state: State, now_ms: number): Next {
  const { page } = state;
  if (page.at !== 'lobby' || !page.autojoin || devices.opening(state.devices)) return [state, []];
  return join(state, now_ms, page.room);
}

function join(state: State, now_ms: number, room: RoomName): Next {
  const name = displayName(state.name);
  if (name === undefined) return [state, []];
  const target = { is: 'room' as const, room };
  const joining: State = { ...state, name, page: { at: 'joining', target, by: 'join' } };
  const asked = chain(reachable(joining, now_ms), (next) =>
    next.link.phase.is === 'up' ? place.askToJoin(next) : [next, []],
  );
  return chain(asked, (next) => [next, [{ effect: 'remember-name', name }]]);
}

function call(state: State, now_ms: number, { user, name }: UserEvent & { event: 'call-user' }): Next {
  if (displayName(state.name) === undefined) return [state, []];
  const left = chain(place.leave(state, now_ms), (next) => reachable(next, now_ms));
  return chain(left, (next) => ringing.callUser(next, { user, name }));
}

/** The same call once more: the room, or the same person. */
function again(state: State, now_ms: number, target: Target): Next {
  return target.is === 'room'
    ? enterLobby(state, now_ms, target.room, true)
    : call(state, now_ms, { event: 'call-user', user: target.user, name: target.name });
}
