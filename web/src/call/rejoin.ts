/**
 * Coming back to a call from another page: the one after a reload, after a crash, or another tab. Pure;
 * `effects/keeper.ts` keeps the stored call, and the lock that says which tab it belongs to.
 */
import type { CallId, CallSnapshot, RoomName } from '../protocol/wire.ts';
import * as devices from './devices.ts';
import * as link from './link.ts';
import { chain, mediaOf, withLink, type Next, type Page, type State, type Target } from './state.ts';

/** What a page leaves for the one that comes after it. */
export interface StoredCall {
  session: link.Session;
  call: CallId;
  target: Target;
}

export interface Found {
  stored: StoredCall;
  /** `own`: of this very tab. `left-behind`: by a page that is gone. `elsewhere`: another tab is in it now. */
  how: 'own' | 'left-behind' | 'elsewhere';
}

/** A page that finds a stored call; undefined when the call is no reason not to do what the address says. */
export function found(
  state: State,
  now_ms: number,
  { stored, how }: Found,
  event: { room: RoomName | undefined; autojoin: boolean },
): Next | undefined {
  const { target } = stored;
  const sameRoom = target.is === 'room' && target.room === event.room;
  if (how === 'own' && (sameRoom || target.is === 'direct')) return comeBack(state, now_ms, stored);
  if (how === 'elsewhere') {
    // Another room is another call, and the other tab may stay in its own.
    if (event.room !== undefined && !sameRoom) return undefined;
    return [{ ...state, page: { at: 'elsewhere', stored, then: event.room } }, []];
  }
  if (event.autojoin && (sameRoom || event.room === undefined)) return comeBack(state, now_ms, stored);
  const asking: State = {
    ...state,
    page: { at: 'rejoin', stored, place: undefined, then: event.room },
    link: link.adopt(state.link, stored.session, true),
  };
  return withLink(asking, link.start(asking.link, now_ms));
}

/** Into the call again, without a question. */
export function comeBack(state: State, now_ms: number, { session, call, target }: StoredCall): Next {
  const back: State = {
    ...state,
    page: { at: 'joining', target, by: 'rejoin', call },
    link: link.adopt(state.link, session, false),
  };
  return chain(withLink(back, link.start(back.link, now_ms)), devices.openWanted);
}

/** Whether a refused session may be one that another tab got the next token of, just before this page took the call. */
export function mayBeStale({ page, stored }: State): boolean {
  return page.at === 'joining' && page.by === 'rejoin' && stored !== undefined;
}

/** What is stored by now, after the hub refused the session: another token than that is worth one more try. */
export function reread(state: State, stored: StoredCall | undefined): Next {
  const { page, link: way } = state;
  const waits = page.at === 'joining' && page.by === 'rejoin' && !way.session;
  if (!waits || stored?.call !== page.call) return [state, []];
  if (stored.session.token === state.stored?.session.token) return [state, []];
  return [{ ...state, link: link.adopt(way, stored.session, false) }, []];
}

/** The user wants to. */
export function agreed(state: State): Next {
  const { page } = state;
  if (page.at !== 'rejoin') return [state, []];
  const { call, target } = page.stored;
  const next: State = {
    ...state,
    page: { at: 'joining', target, by: 'rejoin', call },
    link: { ...state.link, hold: false },
  };
  const opened = devices.openWanted(next);
  return next.link.phase.is === 'up' ? chain(opened, sayRejoin) : opened;
}

/** Says the `rejoin` of the page that comes back, or of the call whose session is gone. */
export function sayRejoin(state: State): Next {
  const { page } = state;
  if (page.at !== 'call' && !(page.at === 'joining' && page.by === 'rejoin')) return [state, []];
  const command = { type: 'rejoin' as const, call: page.call, media: mediaOf(state.devices) };
  return withLink({ ...state, join_id: state.link.next_id }, link.say(state.link, command));
}

/** The question, as the hub's snapshot has it: until when the place is kept. It goes away when the hub says so. */
export function asked(page: Page & { at: 'rejoin' }, now_ms: number, call: CallSnapshot): Page {
  const own = call.participants.find(({ id }) => id === call.you);
  const until_ms = own?.state.is === 'temporarily-disconnected' ? now_ms + own.state.ms_left : undefined;
  return { ...page, place: { you: call.you, until_ms } };
}

/** What the page after this one would need. */
export function toStore({ page, link: { session }, stored }: State): StoredCall | undefined {
  const call =
    page.at === 'call' || (page.at === 'joining' && page.by === 'rejoin')
      ? { call: page.call, target: page.target }
      : page.at === 'rejoin'
        ? { call: page.stored.call, target: page.stored.target }
        : undefined;
  if (!call) return undefined;
  if (!session) return stored;
  const same =
    stored?.call === call.call &&
    stored.session.token === session.token &&
    stored.session.epoch === session.epoch;
  return same ? stored : { session, ...call };
}
