/** Who is online, as the first page shows it. Pure. */
import type { DirectoryEntry, HubFrame } from '../protocol/wire.ts';
import { say } from './link.ts';
import { withLink, type Next, type State } from './state.ts';

/** How often the list is asked for again while it is shown: the hub tells what its people do, not who comes. */
export const REFRESH_MS = 15_000;

export interface Directory {
  /** Whether the operator lets guests see it. */
  open: boolean;
  query: string;
  users: DirectoryEntry[];
  /** There are more than the hub lists at once. */
  more: boolean;
  /** The question that is not answered yet; an answer to an earlier one is stale. */
  asked_id: number | undefined;
  refresh_at_ms: number | undefined;
}

export function newDirectory(): Directory {
  return { open: false, query: '', users: [], more: false, asked_id: undefined, refresh_at_ms: undefined };
}

/** Asks for the list when it is shown and the hub can be asked; else no longer. */
export function ask(state: State, now_ms: number): Next {
  const { directory, link, page } = state;
  const shown = page.at === 'landing' && directory.open;
  if (!shown || link.phase.is !== 'up') {
    return [put(state, { asked_id: undefined, refresh_at_ms: undefined }), []];
  }
  const asked = put(state, { asked_id: link.next_id, refresh_at_ms: now_ms + REFRESH_MS });
  return withLink(asked, say(link, { type: 'directory', query: directory.query }));
}

export function search(state: State, now_ms: number, query: string): Next {
  return ask(put(state, { query }), now_ms);
}

/** Asks again when it is time. */
export function tick(state: State, now_ms: number): Next {
  const { refresh_at_ms } = state.directory;
  return refresh_at_ms !== undefined && now_ms >= refresh_at_ms ? ask(state, now_ms) : [state, []];
}

export function listed(state: State, frame: HubFrame & { type: 'directory' }): State {
  if (frame.in_reply_to !== state.directory.asked_id) return state;
  return put(state, { users: frame.users, more: frame.more, asked_id: undefined });
}

/** What somebody of the list does now. Who goes offline stays until the next list, so that rows do not jump. */
export function changed(state: State, frame: HubFrame & { type: 'presence' }): State {
  const { user, presence } = frame;
  const users = state.directory.users.map((one) => (one.user === user ? { ...one, presence } : one));
  return put(state, { users });
}

/** The hub refused the question: an operator may have closed the directory meanwhile. */
export function refused(state: State, frame: HubFrame & { type: 'error' }): State {
  if (frame.in_reply_to !== state.directory.asked_id) return state;
  const closed = frame.code === 'directory-off';
  return put(state, { asked_id: undefined, ...(closed && { open: false, users: [], more: false }) });
}

/** Whether the operator lets guests see it, as `welcome` says. */
export function opened(state: State, open: boolean): State {
  return put(state, open ? { open } : { open, users: [], more: false });
}

function put(state: State, change: Partial<Directory>): State {
  return { ...state, directory: { ...state.directory, ...change } };
}
