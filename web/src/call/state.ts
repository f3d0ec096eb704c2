/**
 * The words of the page's core: its whole state, what can happen to it, and what it asks the browser to do.
 * `reduce.ts` says how they belong together.
 */
import type {
  CallId,
  ControlFrame,
  ErrorCode,
  GuestCredential,
  HubFrame,
  IceConfig,
  MediaState,
  MessageId,
  Participant,
  ParticipantId,
  RoomName,
  Signal,
} from '../protocol/wire.ts';
import type { Capture } from './capture.ts';
import type { Link, LinkEffect } from './link.ts';
import type { Role } from './negotiation.ts';
import type { CallRecord, Level, Summary } from './quality.ts';
import type { PairState } from './recovery.ts';
import type { Talk } from './talk.ts';

/** Someone in the call, with how the connection to them stands; one's own place has none. */
export interface Person extends Participant {
  pair: PairState | undefined;
}

/** Why the page stays out of a room. */
export type RefusalCode = ErrorCode | 'taken-over';
export interface Refusal {
  code: RefusalCode;
  retry_after_ms: number | undefined;
}

/** Where the user is. */
export type Page =
  | { at: 'landing' }
  | { at: 'lobby'; room: RoomName; autojoin: boolean }
  | { at: 'joining'; room: RoomName }
  | { at: 'call'; room: RoomName; call: CallId; you: ParticipantId; people: Person[] }
  /** `summary` is undefined when there was no call yet. */
  | { at: 'left'; room: RoomName; summary: Summary | undefined }
  | { at: 'refused'; room: RoomName; refusal: Refusal };

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
  /** The `join` that is not answered yet. */
  join_id: number | undefined;
  /** What the hub last said about not letting this client in, while the page goes on trying. */
  trouble: ErrorCode | undefined;
  /** What is said over the control channels. */
  talk: Talk;
  /** How the call went so far; undefined outside one. */
  record: CallRecord | undefined;
}

/** How the opening of one device went. */
export type Opened = 'open' | MediaProblem;

export type PageEvent =
  | { event: 'navigated'; room: RoomName | undefined; autojoin: boolean }
  | { event: 'open-room'; room: RoomName }
  | { event: 'go-home' }
  | { event: 'name-changed'; name: string }
  | { event: 'forget-room'; room: RoomName }
  | { event: 'join' }
  | { event: 'leave' }
  | { event: 'rejoin' }
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
  | { event: 'frame'; socket: number; frame: HubFrame }
  | { event: 'online' }
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
export type Status = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'left' | 'refused';

export function statusOf(state: State): Status {
  switch (state.page.at) {
    case 'landing':
      return 'idle';
    case 'lobby':
      return state.page.autojoin ? 'connecting' : 'idle';
    case 'left':
      return 'left';
    case 'joining':
      return 'connecting';
    case 'refused':
      return 'refused';
    case 'call': {
      const waits = state.page.people.some((person) => person.pair === 'reconnecting');
      return waits || state.link.phase.is !== 'up' ? 'reconnecting' : 'connected';
    }
  }
}
