/** Calls that are over, as the hub's log has them: what was missed, and whom to call again. Pure. */
import type { LoggedCall, UserId } from '../protocol/wire.ts';
import type { Next, PageEffect, State, Target } from './state.ts';

/** Calls shown at most. */
export const SHOWN_MAX = 8;

export interface CallLog {
  calls: LoggedCall[];
  /** Up to when the user has seen them, by the hub's clock. */
  seen_unix_ms: number;
}

export type Direction = 'in' | 'out' | 'missed' | 'room';

/** Fetches the log, if the hub knows who asks. */
export function load(state: State): Next {
  const { guest } = state.link;
  const effects: PageEffect[] = guest ? [{ effect: 'load-calls', guest }] : [];
  return [state, effects];
}

export function listed(state: State, calls: LoggedCall[]): State {
  return { ...state, log: { ...state.log, calls } };
}

/** The user has looked at what was missed. */
export function seen(state: State, at_unix_ms: number): Next {
  if (at_unix_ms <= state.log.seen_unix_ms) return [state, []];
  const log = { ...state.log, seen_unix_ms: at_unix_ms };
  return [{ ...state, log }, [{ effect: 'remember-calls-seen', at_unix_ms }]];
}

/** What the call was to `me`. */
export function directionOf(call: LoggedCall, me: UserId | undefined): Direction {
  if (call.kind.is === 'room') return 'room';
  if (call.caller?.user === me) return 'out';
  return call.active_unix_ms === undefined && call.reason !== 'declined' ? 'missed' : 'in';
}

/** The latest calls that are over, newest first. */
export function shown({ log }: State): LoggedCall[] {
  return log.calls.filter(({ status }) => status === 'ended').slice(0, SHOWN_MAX);
}

/** Missed calls that the user has not seen yet. */
export function unseen(state: State): number {
  const me = state.link.guest?.user;
  const news = shown(state).filter((call) => call.began_unix_ms > state.log.seen_unix_ms);
  return news.filter((call) => directionOf(call, me) === 'missed').length;
}

/** Whom or where to call again; undefined when the log no longer knows. */
export function againOf(call: LoggedCall, me: UserId | undefined): Target | undefined {
  if (call.kind.is === 'room') return { is: 'room', room: call.kind.room };
  const other = call.caller?.user === me ? call.callee : call.caller;
  return other && { is: 'direct', user: other.user, name: other.name ?? '' };
}
