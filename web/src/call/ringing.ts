/** Calls from one user to another while they ring: those that come in, and the one that goes out. Pure. */
import type { CallId, Caller, EndReason, HubFrame, IncomingCall } from '../protocol/wire.ts';
import * as devices from './devices.ts';
import { isOtherName, say } from './link.ts';
import { displayName } from './names.ts';
import { chain, mediaOf, withLink, type Next, type PageEffect, type State } from './state.ts';

/** Calls that ring at once at most; the hub lets one ring at a time. */
const RINGS_MAX = 4;
/** The hub ends a ring; should it not, it stops here so much later. */
const SLACK_MS = 3_000;

/** A call that rings here. */
export interface Ring {
  call: CallId;
  from: Caller;
  /** When the hub gives it up, by this page's clock. */
  until_ms: number;
}

type Ringing = NonNullable<(PageEffect & { effect: 'ring' })['ring']>;

/** Failures to reach the hub after which it is silent: it may long be over, and cannot be answered now. */
const SILENT_FAILURES = 2;

function isOutOfReach({ link }: State): boolean {
  return link.phase.is !== 'up' && link.failures >= SILENT_FAILURES;
}

/** What is to be heard now. */
export function soundOf(state: State): Ringing | undefined {
  const { page, rings } = state;
  const [first] = rings;
  if (isOutOfReach(state)) return undefined;
  if (first) return { is: 'incoming', from: first.from };
  return page.at === 'calling' && page.snapshot ? { is: 'outgoing' } : undefined;
}

/** Whether the two sound alike, so that nothing needs to be done. */
export function soundsAlike(one: Ringing | undefined, other: Ringing | undefined): boolean {
  if (one?.is !== 'incoming' || other?.is !== 'incoming') return one?.is === other?.is;
  return one.from.user === other.from.user;
}

/** Somebody calls; the frame may be told twice. */
export function incoming(state: State, now_ms: number, ring: IncomingCall): State {
  const { call, from, ms_left } = ring;
  if (state.rings.some((one) => one.call === call) || state.rings.length >= RINGS_MAX) return state;
  return { ...state, rings: [...state.rings, { call, from, until_ms: now_ms + ms_left }] };
}

/** The calls that ring by the hub's account; in a new epoch those it does not name are over. */
export function resync(state: State, now_ms: number, rings: IncomingCall[], complete: boolean): State {
  const kept = complete
    ? state.rings.filter((one) => rings.some((ring) => ring.call === one.call))
    : state.rings;
  return rings.reduce((next, ring) => incoming(next, now_ms, ring), { ...state, rings: kept });
}

/** It no longer rings, for whatever reason. */
export function silence(state: State, call: CallId): State {
  const rings = state.rings.filter((one) => one.call !== call);
  return rings.length === state.rings.length ? state : { ...state, rings };
}

/** Calls that the hub should have ended by now. */
export function tick(state: State, now_ms: number): State {
  const rings = state.rings.filter(({ until_ms }) => now_ms < until_ms + SLACK_MS);
  return rings.length === state.rings.length ? state : { ...state, rings };
}

/** Until when, by this page's clock, the hub is waited for to say what became of the call that goes out. */
function outgoingUntil_ms(state: State): number | undefined {
  const { page } = state;
  // While it can be reached, it says so itself.
  return page.at === 'calling' && isOutOfReach(state) ? page.until_ms : undefined;
}

/** Whether the call that goes out has rung for long enough, and the hub cannot say so. */
export function isForgotten(state: State, now_ms: number): boolean {
  const until_ms = outgoingUntil_ms(state);
  return until_ms !== undefined && now_ms >= until_ms + SLACK_MS;
}

export function ringDeadline_ms(state: State): number | undefined {
  const until_ms = [...state.rings.map((ring) => ring.until_ms), outgoingUntil_ms(state) ?? Infinity];
  const first_ms = Math.min(...until_ms);
  return first_ms < Infinity ? first_ms + SLACK_MS : undefined;
}

/** Takes a call; whatever call the page was in was left before. */
export function accept(before: State, call: CallId, camera: boolean): Next {
  const ring = before.rings.find((one) => one.call === call);
  if (!ring) return [before, []];
  const { wanted } = before.devices;
  const state: State = {
    ...silence(before, call),
    page: { at: 'joining', target: { is: 'direct', ...ring.from }, by: 'accept', call },
    devices: { ...before.devices, wanted: { ...wanted, camera } },
  };
  return chain(devices.openWanted(state), sayAccept);
}

/** Says the `accept` of the page that waits for it. */
export function sayAccept(state: State): Next {
  const { page } = state;
  if (page.at !== 'joining' || page.by !== 'accept') return [state, []];
  const command = { type: 'accept' as const, call: page.call, media: mediaOf(state.devices) };
  return withLink({ ...state, join_id: state.link.next_id }, say(state.link, command));
}

export function decline(state: State, call: CallId): Next {
  if (!state.rings.some((one) => one.call === call)) return [state, []];
  return withLink(silence(state, call), say(state.link, { type: 'decline', call }));
}

/** Calls somebody; whatever call the page was in was left before. */
export function callUser(before: State, to: Caller): Next {
  const state: State = {
    ...before,
    trouble: undefined,
    page: { at: 'calling', to, snapshot: undefined, until_ms: undefined },
  };
  // Else it is said when the hub has welcomed this page.
  const opened = devices.openWanted(state);
  return state.link.phase.is === 'up' ? chain(opened, sayCall) : opened;
}

/** Says the `call` of the page that waits for it. */
export function sayCall(state: State): Next {
  const { page } = state;
  if (page.at !== 'calling' || isOtherName(state.link, displayName(state.name))) return [state, []];
  const command = { type: 'call' as const, to: page.to.user, media: mediaOf(state.devices) };
  return withLink({ ...state, join_id: state.link.next_id }, say(state.link, command));
}

/** The hub has said that it rings at the other end. */
export function ringingThere(state: State, now_ms: number, frame: HubFrame & { type: 'ringing' }): State {
  const { page } = state;
  const { call } = frame;
  if (page.at !== 'calling' || call.state.is !== 'ringing') return state;
  const until_ms = now_ms + call.state.ms_left;
  return { ...state, join_id: undefined, page: { ...page, snapshot: call, until_ms } };
}

/** Reasons with which a call ends that was never accepted. */
export function isUnanswered(reason: EndReason): boolean {
  return ['declined', 'cancelled', 'missed', 'busy'].includes(reason);
}
