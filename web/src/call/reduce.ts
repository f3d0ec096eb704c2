/**
 * The page's core: `reduce(state, now, event)` gives the next state and what the browser has to do, and touches
 * nothing itself. The state's words are in `state.ts`; the hub's frames are handled in `hub.ts`, one's own place in a
 * call in `place.ts`, devices in `devices.ts`, the socket's life in `link.ts`, the roster in `roster.ts`, what the
 * user does in `user.ts`.
 */
import type { GuestCredential, InstanceId, RoomName } from '../protocol/wire.ts';
import { captureOf } from './capture.ts';
import * as devices from './devices.ts';
import * as directory from './directory.ts';
import * as history from './history.ts';
import { onClosed, onFrame, takenOver } from './hub.ts';
import * as link from './link.ts';
import { displayName } from './names.ts';
import * as place from './place.ts';
import { newRecord, spend } from './quality.ts';
import { visited } from './recent.ts';
import * as rejoin from './rejoin.ts';
import * as ringing from './ringing.ts';
import { change, isAway } from './roster.ts';
import {
  callOf,
  chain,
  withLink,
  type Devices,
  type Next,
  type PageEffect,
  type PageEvent,
  type State,
} from './state.ts';
import { forgetGone, newTalk, onTalk } from './talk.ts';
import { joinWhenSettled, onUser, reachable } from './user.ts';
import { MEDIA_ALIVE_INTERVAL_MS } from '../protocol/wire.ts';

/** What the browser remembers from earlier visits. */
export interface Remembered {
  name: string;
  guest: GuestCredential | undefined;
  recent: RoomName[];
  chosen: Devices['chosen'];
  speaker?: string | undefined;
  calls_seen_unix_ms?: number | undefined;
}

export function newState(instance: InstanceId, remembered: Remembered): State {
  return {
    page: { at: 'landing' },
    name: remembered.name,
    link: link.newLink(instance, remembered.guest),
    devices: devices.newDevices(remembered.chosen, remembered.speaker),
    recent: remembered.recent,
    join_id: undefined,
    trouble: undefined,
    talk: newTalk(),
    record: undefined,
    rings: [],
    directory: directory.newDirectory(),
    log: { calls: [], seen_unix_ms: remembered.calls_seen_unix_ms ?? 0 },
    stored: undefined,
    alive_at_ms: undefined,
  };
}

/** When the next `tick` is due; undefined when nothing is. */
export function deadline_ms(state: State): number | undefined {
  const due = [
    link.linkDeadline_ms(state.link),
    ringing.ringDeadline_ms(state),
    state.directory.refresh_at_ms,
    state.alive_at_ms,
  ].filter((one) => one !== undefined);
  return due.length > 0 ? Math.min(...due) : undefined;
}

export function reduce(state: State, now_ms: number, event: PageEvent): Next {
  const [next, effects] = chain(step(state, now_ms, event), (after) =>
    moved(state, now_ms, forgetGone(after)),
  );
  const first: PageEffect[] = [];
  const reachable = next.link.phase.is === 'up';
  if (reachable !== (state.link.phase.is === 'up')) first.push({ effect: 'hub-reachable', reachable });
  const capture = captureOf(next);
  // Before the rest, so that a camera that is opened by the same event is opened for it.
  if (capture !== captureOf(state)) first.push({ effect: 'capture', capture });
  const stored = rejoin.toStore(next);
  // Before the `ack` that makes the earlier token worthless.
  if (stored !== state.stored)
    first.push(stored ? { effect: 'store-call', stored } : { effect: 'forget-call' });
  const ring = ringing.soundOf(next);
  if (!ringing.soundsAlike(ringing.soundOf(state), ring)) effects.push({ effect: 'ring', ring });
  const kept = stored === next.stored ? next : { ...next, stored };
  return [unheld(kept), [...first, ...effects]];
}

/** `state` with its places held back only while the user is asked about them. */
function unheld(state: State): State {
  const { page, link: way } = state;
  return page.at !== 'rejoin' && way.hold ? { ...state, link: { ...way, hold: false } } : state;
}

/** What follows from getting into a call, out of it, and to the first page. */
function moved(before: State, now_ms: number, after: State): Next {
  const [was, is] = [before.page.at === 'call', after.page.at === 'call'];
  const state = watchAway(after, now_ms);
  if (state.page.at === 'landing' && before.page.at !== 'landing') {
    const asked = directory.ask(state, now_ms);
    return state.link.phase.is === 'up' ? chain(asked, history.load) : asked;
  }
  if (was && !is) return [{ ...state, talk: newTalk(), record: undefined }, []];
  if (was || state.page.at !== 'call') return [state, []];
  const next = { ...state, talk: newTalk(), record: newRecord(now_ms) };
  const { target } = state.page;
  if (target.is === 'direct') return [next, []];
  const recent = visited(state.recent, target.room);
  return [{ ...next, recent }, [{ effect: 'remember-rooms', recent }]];
}

/** While somebody is away, and the hub can be told, it is looked every few seconds whether their media flows. */
function watchAway(state: State, now_ms: number): State {
  const { page, alive_at_ms, link: way } = state;
  const up = way.phase.is === 'up';
  const away = up && page.at === 'call' && page.people.some((one) => one.id !== page.you && isAway(one));
  if (away === (alive_at_ms !== undefined)) return state;
  return { ...state, alive_at_ms: away ? now_ms : undefined };
}

function step(state: State, now_ms: number, event: PageEvent): Next {
  switch (event.event) {
    case 'socket-opened':
      if (event.socket !== state.link.socket) return [state, []];
      return withLink(state, link.greet(state.link, displayName(state.name) ?? ''));
    case 'socket-closed':
      return event.socket === state.link.socket ? onClosed(state, now_ms, event) : [state, []];
    case 'frame':
      if (event.socket !== state.link.socket) return [state, []];
      return chain(onFrame(state, now_ms, event.frame), (next) => renewed(state, now_ms, next));
    case 'online':
      return withLink(state, link.online(state.link, now_ms));
    case 'probe':
      return withLink(state, link.probe(state.link, now_ms));
    case 'hub-answers':
    case 'reconnect-now':
      return withLink(state, link.reconnectNow(state.link, now_ms));
    case 'tick':
      return tick(state, now_ms, event.random);
    case 'media-flows':
      return onMediaFlows(state, event.participants);
    case 'calls-listed':
      return [history.listed(state, event.calls), []];
    case 'calls-seen':
      return history.seen(state, event.at_unix_ms);
    case 'directory-search':
      return directory.search(state, now_ms, event.query);
    case 'call-read':
      return rejoin.reread(state, event.stored);
    case 'call-moved':
      return takenOver(state, 'moved');
    case 'pair-state':
    case 'pair-says':
    case 'ice-wanted':
      return onPair(state, event);
    case 'toggle':
      return devices.toggle(state, event.kind);
    case 'choose-device':
      return devices.choose(state, event);
    case 'choose-speaker':
    case 'device-switched':
    case 'device-ended':
    case 'devices-listed':
    case 'remark-read':
    case 'toggle-screen':
    case 'screen-settled':
    case 'screen-ended':
      return onDevice(state, event);
    case 'chat-send':
    case 'chat-panel':
    case 'toggle-hand':
    case 'channel-opened':
    case 'channel-heard':
      return onTalk(state, event);
    case 'quality-sampled':
      return [{ ...state, record: state.record && spend(state.record, event.level, event.for_ms) }, []];
    case 'device-settled':
      return chain(devices.settled(state, event), (settled) => joinWhenSettled(settled, now_ms));
    default:
      return onUser(state, now_ms, event);
  }
}

/** A new name that had to wait until the hub has heard of what was hung up. */
function renewed(before: State, now_ms: number, state: State): Next {
  const { page, join_id } = state;
  const parted = link.isParting(before.link) && !link.isParting(state.link);
  const asks = page.at === 'joining' || page.at === 'calling';
  const waits = page.at === 'landing' || (asks && callOf(page) === undefined && join_id === undefined);
  return parted && waits ? reachable(state, now_ms) : [state, []];
}

/** Whatever is due by now. */
function tick(before: State, now_ms: number, random: number): Next {
  const linked = withLink(before, link.tick(before.link, now_ms, random));
  const asked = chain(linked, (state) => directory.tick(ringing.tick(state, now_ms), now_ms));
  return chain(asked, (state) => {
    if (ringing.isForgotten(state, now_ms)) return place.leave(state, now_ms, 'over');
    if (state.alive_at_ms === undefined || now_ms < state.alive_at_ms) return [state, []];
    return [{ ...state, alive_at_ms: now_ms + MEDIA_ALIVE_INTERVAL_MS }, [{ effect: 'check-media' }]];
  });
}

/** Tells the hub with which of those who are away media flows: their places are not given up then. */
function onMediaFlows(state: State, flowing: readonly string[]): Next {
  const { page } = state;
  if (page.at !== 'call' || state.link.phase.is !== 'up') return [state, []];
  const away = page.people.filter((person) => person.id !== page.you && isAway(person));
  const participants = away.flatMap(({ id }) => (flowing.includes(id) ? [id] : []));
  if (participants.length === 0) return [state, []];
  return [state, [{ effect: 'send', frame: { type: 'media-alive', call: page.call, participants } }]];
}

type DeviceEvent = Extract<
  PageEvent,
  {
    event:
      | 'choose-speaker'
      | 'device-switched'
      | 'device-ended'
      | 'devices-listed'
      | 'remark-read'
      | 'toggle-screen'
      | 'screen-settled'
      | 'screen-ended';
  }
>;

function onDevice(state: State, event: DeviceEvent): Next {
  switch (event.event) {
    case 'choose-speaker':
      return devices.chooseSpeaker(state, event.id);
    case 'device-switched':
      return devices.switched(state, event);
    case 'device-ended':
      return devices.ended(state, event.kind);
    case 'devices-listed':
      return devices.listed(state, event);
    case 'remark-read':
      return devices.remarkRead(state, event.kind);
    case 'toggle-screen':
      return devices.toggleScreen(state);
    case 'screen-settled':
      return devices.screenSettled(state, event);
    case 'screen-ended':
      return devices.screenEnded(state);
  }
}

type PairEvent = Extract<PageEvent, { event: 'pair-state' | 'pair-says' | 'ice-wanted' }>;

function onPair(state: State, event: PairEvent): Next {
  const { page } = state;
  if (page.at !== 'call') return [state, []];
  if (event.event === 'ice-wanted') {
    return state.link.phase.is === 'up'
      ? withLink(state, link.say(state.link, { type: 'ice-servers' }))
      : [state, []];
  }
  const other = page.people.find((person) => person.id === event.participant);
  if (!other) return [state, []];
  if (event.event === 'pair-state') {
    return [
      { ...state, page: { ...page, people: change(page.people, other.id, { pair: event.state }) } },
      [],
    ];
  }
  const { call } = page;
  const signal = {
    type: 'signal' as const,
    call,
    to: other.id,
    to_incarnation: other.incarnation,
    signal: event.signal,
  };
  return withLink(state, link.say(state.link, signal));
}
