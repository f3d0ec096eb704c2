/**
 * The words of the page's core: its whole state, what can happen to it, and what it asks the browser to do.
 * `reduce.ts` says how they belong together.
 */
import type {
  CallId,
  CallSnapshot,
  Caller,
  ControlFrame,
  EndReason,
  ErrorCode,
  GuestCredential,
  IceConfig,
  LoggedCall,
  MediaState,
  MessageId,
  Participant,
  ParticipantId,
  RoomName,
  Signal,
  UserId,
} from '../protocol/wire.ts';
import type { Capture } from './capture.ts';
import type { Directory } from './directory.ts';
import type { CallLog } from './history.ts';
import type { Heard, Link, LinkEffect } from './link.ts';
import type { Role } from './negotiation.ts';
import type { CallRecord, Level, Summary } from './quality.ts';
import type { PairState } from './recovery.ts';
import type { Found, StoredCall } from './rejoin.ts';
import type { Ring } from './ringing.ts';
import type { Talk } from './talk.ts';

/** Someone in the call, with how the connection to them stands; one's own place has none. */
export interface Person extends Participant {
  pair: PairState | undefined;
  /** Until when, by this page's clock, the place is kept of one who is away. */
  until_ms: number | undefined;
}

/** Why the page stays out of a call. */
export type RefusalCode = ErrorCode | 'taken-over' | 'moved';
export interface Refusal {
  code: RefusalCode;
  retry_after_ms: number | undefined;
}

/** What a call is with: whoever comes to a room, or one user. */
export type Target = { is: 'room'; room: RoomName } | ({ is: 'direct' } & Caller);

/**
 * Why the page is out of a call: the call's end, for a reason that the hub has told or not (`over`); only one's own place
 * was given up (`gone`); the user wanted it, for all (`ended-here`) or for themselves (undefined).
 */
export type Why = EndReason | 'over' | 'gone' | 'ended-here' | undefined;

/** Where the user is. */
export type Page =
  | { at: 'landing' }
  | { at: 'lobby'; room: RoomName; autojoin: boolean }
  /** Asked for a place; `call` is the one to accept or to come back to. */
  | { at: 'joining'; target: Target; by: 'join' }
  | { at: 'joining'; target: Target; by: 'accept' | 'rejoin'; call: CallId }
  /** It rings at the other end, or will; `snapshot` once the hub has said so. */
  | { at: 'calling'; to: Caller; snapshot: CallSnapshot | undefined; until_ms: number | undefined }
  | { at: 'call'; target: Target; call: CallId; you: ParticipantId; people: Person[] }
  /** Asks whether to come back to the call that an earlier page was in; `then` is what the address names. */
  | {
      at: 'rejoin';
      stored: StoredCall;
      /** One's own place, and until when it is kept; once the hub has said so. */
      place: { you: ParticipantId; until_ms: number | undefined } | undefined;
      then: RoomName | undefined;
    }
  /** Another tab of this browser is in the call. */
  | { at: 'elsewhere'; stored: StoredCall; then: RoomName | undefined }
  /** `summary` is undefined when there was no call yet. */
  | { at: 'left'; target: Target; summary: Summary | undefined; why: Why }
  | { at: 'refused'; target: Target; refusal: Refusal };

/** The call that the page is in, or asked for by its id. */
export function callOf(page: Page): CallId | undefined {
  switch (page.at) {
    case 'call':
      return page.call;
    case 'calling':
      return page.snapshot?.id;
    case 'rejoin':
      return page.stored.call;
    case 'joining':
      return page.by === 'join' ? undefined : page.call;
    default:
      return undefined;
  }
}

/** What the page is about, when it is about a call. */
export function targetOf(page: Page): Target | undefined {
  switch (page.at) {
    case 'lobby':
      return { is: 'room', room: page.room };
    case 'calling':
      return { is: 'direct', ...page.to };
    case 'rejoin':
    case 'elsewhere':
      return page.stored.target;
    case 'landing':
      return undefined;
    default:
      return page.target;
  }
}

/** What keeps a camera or microphone from working. */
export type MediaProblem = 'denied' | 'busy' | 'no-device' | 'insecure-page' | 'failed';

export type Device =
  | { is: 'off' }
  | { is: 'opening' }
  | { is: 'on' }
  /** A microphone that is open and sends silence. */
  | { is: 'muted' }
  | { is: 'unavailable'; problem: MediaProblem };

/** A camera or microphone to choose from. */
export interface Choice {
  id: string;
  label: string;
}

export type DeviceKind = 'mic' | 'camera';

/** One's own screen as it is shared; `failed` is not the user's own "no". */
export type Screen = { is: 'off' } | { is: 'opening' } | { is: 'on'; sound: boolean } | { is: 'failed' };

/** Another device stands in for one that went away; or a chosen one did not open and the earlier one goes on. */
export type Remark = 'stand-in' | 'not-switched';

export interface Devices {
  mic: Device;
  camera: Device;
  screen: Screen;
  /** What the user left switched on; a device may be wanted and still not open. */
  wanted: Record<DeviceKind, boolean>;
  choices: Record<DeviceKind, Choice[]>;
  chosen: Record<DeviceKind, string | undefined>;
  /** The device that is open, which is another than the chosen one when that is gone. */
  using: Record<DeviceKind, string | undefined>;
  /** What happened to a device without the user's doing, until the user has read it. */
  remark: Record<DeviceKind, Remark | undefined>;
  /** Where sound can come out; empty where the browser does not let the page choose. */
  speakers: Choice[];
  speaker: string | undefined;
}

export interface State {
  page: Page;
  name: string;
  link: Link;
  devices: Devices;
  /** Rooms to go back to, the latest first. */
  recent: RoomName[];
  /** The `join`, `call`, `accept` or `rejoin` that is not answered yet. */
  join_id: number | undefined;
  /** What the hub last said about not letting this client in, while the page goes on trying. */
  trouble: ErrorCode | undefined;
  /** What is said over the control channels. */
  talk: Talk;
  /** How the call went so far; undefined outside one. */
  record: CallRecord | undefined;
  /** Calls that ring here. */
  rings: Ring[];
  directory: Directory;
  log: CallLog;
  /** The call that is kept for a page that comes after this one. */
  stored: StoredCall | undefined;
  /** When to look again whether media flows with those who are away. */
  alive_at_ms: number | undefined;
}

/** How the opening of one device went. */
export type Opened = 'open' | MediaProblem;

export type PageEvent =
  /** `found`: the call that an earlier page, or another tab, left in the browser's storage. */
  | { event: 'navigated'; room: RoomName | undefined; autojoin: boolean; found?: Found | undefined }
  | { event: 'open-room'; room: RoomName }
  | { event: 'go-home' }
  | { event: 'name-changed'; name: string }
  /** The user has finished typing it. */
  | { event: 'name-settled' }
  | { event: 'forget-room'; room: RoomName }
  | { event: 'join' }
  | { event: 'leave' }
  /** Hangs up for everyone. */
  | { event: 'end-for-all' }
  | { event: 'rejoin' }
  | { event: 'decline-rejoin' | 'move-here' | 'join-too' | 'not-here' }
  /** The lock came over from the tab that held the call; undefined when there is nothing left to come back to. */
  | { event: 'call-taken'; stored: StoredCall | undefined }
  /** What is stored of a call now. */
  | { event: 'call-read'; stored: StoredCall | undefined }
  /** Another tab took the call from this one. */
  | { event: 'call-moved' }
  | { event: 'call-user'; user: UserId; name: string }
  | { event: 'accept'; call: CallId; camera: boolean }
  | { event: 'decline'; call: CallId }
  | { event: 'directory-search'; query: string }
  | { event: 'calls-listed'; calls: LoggedCall[] }
  | { event: 'calls-seen'; at_unix_ms: number }
  | { event: 'media-flows'; participants: ParticipantId[] }
  | { event: 'toggle'; kind: DeviceKind }
  | { event: 'choose-device'; kind: DeviceKind; id: string }
  | { event: 'choose-speaker'; id: string }
  | {
      event: 'device-settled';
      mic?: Opened;
      camera?: Opened;
      using?: Partial<Record<DeviceKind, string | undefined>>;
    }
  /** How the change to another device went; `still` says that the earlier one goes on. */
  | { event: 'device-switched'; kind: DeviceKind; result: Opened; still: boolean; using: string | undefined }
  | { event: 'device-ended'; kind: DeviceKind }
  | { event: 'remark-read'; kind: DeviceKind }
  | { event: 'devices-listed'; choices: Record<DeviceKind, Choice[]>; speakers?: Choice[] }
  | { event: 'toggle-screen' }
  /** `undefined` is the user's own "no" in the browser's question. */
  | { event: 'screen-settled'; result: { sound: boolean } | 'failed' | undefined }
  | { event: 'screen-ended' }
  | { event: 'chat-send'; id: MessageId; text: string; now_unix_ms: number }
  | { event: 'chat-panel'; open: boolean }
  | { event: 'toggle-hand' }
  | { event: 'channel-opened'; participant: ParticipantId }
  | { event: 'channel-heard'; participant: ParticipantId; frame: ControlFrame; now_unix_ms: number }
  | { event: 'quality-sampled'; level: Level; for_ms: number }
  | { event: 'socket-opened'; socket: number }
  | { event: 'socket-closed'; socket: number; code: number; random: number }
  | { event: 'frame'; socket: number; frame: Heard }
  /** `probe`: the network may be another one, or the page was asleep. `hub-answers`: over HTTP. */
  | { event: 'online' | 'probe' | 'hub-answers' | 'reconnect-now' }
  | { event: 'tick'; random: number }
  | { event: 'page-hidden' }
  | { event: 'pair-state'; participant: ParticipantId; state: PairState }
  | { event: 'pair-says'; participant: ParticipantId; signal: Signal }
  | { event: 'ice-wanted' };

export type PageEffect =
  | LinkEffect
  | { effect: 'show-path'; room: RoomName | undefined }
  | { effect: 'remember-name'; name: string }
  | { effect: 'remember-rooms'; recent: RoomName[] }
  | { effect: 'remember-device'; kind: DeviceKind; id: string }
  | { effect: 'remember-guest'; guest: GuestCredential | undefined }
  | { effect: 'open-devices'; mic?: { id: string | undefined }; camera?: { id: string | undefined } }
  | { effect: 'mic-sends'; on: boolean }
  | { effect: 'capture'; capture: Capture }
  | { effect: 'close-device'; kind: DeviceKind }
  /** Opens another one and lets the present one go only then, so that the others see no gap. */
  | { effect: 'switch-device'; kind: DeviceKind; id: string }
  | { effect: 'remember-speaker'; id: string }
  | { effect: 'open-screen' | 'close-screen' }
  /** `to` undefined is everyone. */
  | { effect: 'control-say'; to: ParticipantId | undefined; frames: ControlFrame[] }
  | { effect: 'begin-call' | 'end-call' }
  | { effect: 'use-ice'; ice: IceConfig }
  | { effect: 'store-call'; stored: StoredCall }
  | { effect: 'forget-call' | 'take-call' | 'read-call' }
  /** What is heard and shown of a call that rings; undefined is silence. */
  | { effect: 'ring'; ring: { is: 'incoming'; from: Caller } | { is: 'outgoing' } | undefined }
  | { effect: 'load-calls'; guest: GuestCredential }
  | { effect: 'remember-calls-seen'; at_unix_ms: number }
  | { effect: 'check-media' }
  | { effect: 'hub-reachable'; reachable: boolean }
  | { effect: 'open-pair'; participant: ParticipantId; role: Role; away: boolean }
  | { effect: 'close-pair' | 'pair-away' | 'pair-back'; participant: ParticipantId }
  | { effect: 'pair-hears'; participant: ParticipantId; signal: Signal };

/** What every part of the reducer returns. */
export type Next = [State, PageEffect[]];

/** Which sections are on, as told to the others. */
export function mediaOf(devices: Devices): MediaState {
  return {
    audio: devices.mic.is === 'on',
    camera: devices.camera.is === 'on',
    screen: devices.screen.is === 'on',
    screen_audio: devices.screen.is === 'on' && devices.screen.sound,
  };
}

/** The call as a whole, for the user. */
export type Status =
  'idle' | 'connecting' | 'ringing' | 'connected' | 'reconnecting' | 'asking' | 'left' | 'refused';

export function statusOf(state: State): Status {
  const { page } = state;
  switch (page.at) {
    case 'landing':
      return 'idle';
    case 'lobby':
      return page.autojoin ? 'connecting' : 'idle';
    case 'calling':
      return 'ringing';
    case 'rejoin':
    case 'elsewhere':
      return 'asking';
    case 'left':
    case 'refused':
      return page.at;
    case 'joining':
      return 'connecting';
    case 'call': {
      const waits = page.people.some((person) => person.pair === 'reconnecting');
      return waits || state.link.phase.is !== 'up' ? 'reconnecting' : 'connected';
    }
  }
}

/** Goes on from one step to the next, with the effects of both in order. */
export function chain([state, effects]: Next, then: (state: State) => Next): Next {
  const [next, more] = then(state);
  return [next, [...effects, ...more]];
}

/** `state` with the link's next step. */
export function withLink(state: State, [link, effects]: [Link, LinkEffect[]]): Next {
  return [{ ...state, link }, effects];
}
