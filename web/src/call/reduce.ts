/**
 * The page's core: `reduce(state, now, event)` gives the next state and what the browser has to do, and touches
 * nothing itself. The state's words are in `state.ts`; the hub's frames are handled in `hub.ts`, devices in
 * `devices.ts`, the socket's life in `link.ts`, the roster in `roster.ts`.
 */
import type { GuestCredential, InstanceId, RoomName } from '../protocol/wire.ts';
import { captureOf } from './capture.ts';
import * as devices from './devices.ts';
import { askToJoin, onClosed, onFrame, withLink } from './hub.ts';
import * as link from './link.ts';
import { displayName } from './names.ts';
import { forgotten, visited } from './recent.ts';
import { newRecord, spend, summary } from './quality.ts';
import { change } from './roster.ts';
import type { Devices, Next, PageEffect, PageEvent, State } from './state.ts';
import { forgetGone, newTalk, onTalk } from './talk.ts';

/** What the browser remembers from earlier visits. */
export interface Remembered {
  name: string;
  guest: GuestCredential | undefined;
  recent: RoomName[];
  chosen: Devices['chosen'];
  speaker?: string | undefined;
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
  };
}

/** When the next `tick` is due; undefined when nothing is. */
export function deadline_ms(state: State): number | undefined {
  return link.linkDeadline_ms(state.link);
}

export function reduce(state: State, now_ms: number, event: PageEvent): Next {
  const [next, effects] = chain(step(state, now_ms, event), (after) =>
    moved(state, now_ms, forgetGone(after)),
  );
  const capture = captureOf(next);
  // Before the rest, so that a camera that is opened by the same event is opened for it.
  if (capture !== captureOf(state)) effects.unshift({ effect: 'capture', capture });
  const reachable = next.link.phase.is === 'up';
  if (reachable === (state.link.phase.is === 'up')) return [next, effects];
  return [next, [{ effect: 'hub-reachable', reachable }, ...effects]];
}

/** What follows from getting into a call, and out of it. */
function moved(before: State, now_ms: number, state: State): Next {
  const [was, is] = [before.page.at === 'call', state.page.at === 'call'];
  if (was && !is) return [{ ...state, talk: newTalk(), record: undefined }, []];
  if (was || state.page.at !== 'call') return [state, []];
  const recent = visited(state.recent, state.page.room);
  const next = { ...state, recent, talk: newTalk(), record: newRecord(now_ms) };
  return [next, [{ effect: 'remember-rooms', recent }]];
}

function step(state: State, now_ms: number, event: PageEvent): Next {
  switch (event.event) {
    case 'socket-opened':
      if (event.socket !== state.link.socket) return [state, []];
      return withLink(state, link.greet(state.link, displayName(state.name) ?? ''));
    case 'socket-closed':
      return event.socket === state.link.socket ? onClosed(state, now_ms, event) : [state, []];
    case 'frame':
      return event.socket === state.link.socket ? onFrame(state, now_ms, event.frame) : [state, []];
    case 'online':
      return withLink(state, link.online(state.link, now_ms));
    case 'tick':
      return withLink(state, link.tick(state.link, now_ms, event.random));
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

type UserEvent = Extract<
  PageEvent,
  {
    event:
      | 'navigated'
      | 'open-room'
      | 'go-home'
      | 'name-changed'
      | 'forget-room'
      | 'join'
      | 'leave'
      | 'rejoin'
      | 'page-hidden';
  }
>;

function onUser(state: State, now_ms: number, event: UserEvent): Next {
  const { page } = state;
  switch (event.event) {
    case 'navigated':
      return navigated(state, now_ms, event);
    case 'open-room':
      return chain([state, [{ effect: 'show-path', room: event.room }]], (next) =>
        enterLobby(next, now_ms, event.room, false),
      );
    case 'go-home':
      return chain(leave(state, now_ms), (next) => [
        { ...next, page: { at: 'landing' } },
        [{ effect: 'show-path', room: undefined }],
      ]);
    case 'name-changed':
      return [{ ...state, name: event.name }, []];
    case 'forget-room': {
      const recent = forgotten(state.recent, event.room);
      return [{ ...state, recent }, [{ effect: 'remember-rooms', recent }]];
    }
    case 'join':
      return page.at === 'lobby' ? join(state, now_ms, page.room) : [state, []];
    case 'rejoin':
      return page.at === 'left' || page.at === 'refused'
        ? enterLobby(state, now_ms, page.room, true)
        : [state, []];
    case 'leave':
    case 'page-hidden':
      return leave(state, now_ms);
  }
}

/** The address changed: at the first load, or by the browser's back and forward. */
function navigated(state: State, now_ms: number, event: UserEvent & { event: 'navigated' }): Next {
  const { page } = state;
  const here = page.at === 'joining' || page.at === 'call' ? page.room : undefined;
  if (event.room !== undefined && event.room === here) return [state, []];
  return chain(leave(state, now_ms), (left) =>
    event.room === undefined
      ? [{ ...left, page: { at: 'landing' } }, []]
      : enterLobby(left, now_ms, event.room, event.autojoin),
  );
}

/** Before the call: devices open for a look. Who joins without a click goes on as soon as they have answered. */
function enterLobby(state: State, now_ms: number, room: RoomName, autojoin: boolean): Next {
  const named = autojoin && displayName(state.name) !== undefined;
  const lobby: State = { ...state, page: { at: 'lobby', room, autojoin: named }, trouble: undefined };
  const greeted: Next = named ? withLink(lobby, link.start(lobby.link, now_ms)) : [lobby, []];
  const opened = chain(greeted, devices.openWanted);
  return chain(opened, (next) => joinWhenSettled(next, now_ms));
}

function joinWhenSettled(state: State, now_ms: number): Next {
  const { page } = state;
  if (page.at !== 'lobby' || !page.autojoin || devices.opening(state.devices)) return [state, []];
  return join(state, now_ms, page.room);
}

function join(state: State, now_ms: number, room: RoomName): Next {
  const name = displayName(state.name);
  if (name === undefined) return [state, []];
  const joining: State = { ...state, name, page: { at: 'joining', room } };
  const started = withLink(joining, link.start(joining.link, now_ms));
  const asked = chain(started, (next) => (next.link.phase.is === 'up' ? askToJoin(next) : [next, []]));
  return chain(asked, (next) => [next, [{ effect: 'remember-name', name }]]);
}

/** Hangs up. The hub is told now, or as soon as it can be reached. */
function leave(state: State, now_ms: number): Next {
  const { page } = state;
  if (page.at === 'landing' || page.at === 'left' || page.at === 'refused') return [state, []];
  const inCall = page.at === 'call';
  const ending: PageEffect[] = inCall ? [{ effect: 'end-call' }] : [];
  const left: State['page'] = {
    at: 'left',
    room: page.room,
    summary: state.record && summary(state.record, now_ms),
  };
  const closed = chain([{ ...state, page: left }, ending], devices.closeAll);
  return chain(closed, (next) => {
    const up = next.link.phase.is === 'up';
    if (inCall && up) return withLink({ ...next, join_id: undefined }, link.farewell(next.link, [page.call]));
    if (inCall || next.join_id !== undefined) return withLink(next, link.farewellLater(next.link, now_ms));
    return withLink(next, link.stop(next.link));
  });
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

/** Goes on from one step to the next, with the effects of both in order. */
function chain([state, effects]: Next, then: (state: State) => Next): Next {
  const [next, more] = then(state);
  return [next, [...effects, ...more]];
}
