/**
 * The words of the page's core: its whole state, what can happen to it, and what it asks the browser to do.
 * `reduce.ts` says how they belong together.
 */
import type {
  CallId,
  ErrorCode,
  GuestCredential,
  HubFrame,
  IceConfig,
  MediaState,
  Participant,
  ParticipantId,
  RoomName,
  Signal,
} from '../protocol/wire.ts';
import type { Link, LinkEffect } from './link.ts';
import type { Role } from './negotiation.ts';
import type { PairState } from './recovery.ts';

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
  | { at: 'left'; room: RoomName }
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

export interface Devices {
  mic: Device;
  camera: Device;
  /** What the user left switched on; a device may be wanted and still not open. */
  wanted: Record<DeviceKind, boolean>;
  choices: Record<DeviceKind, Choice[]>;
  chosen: Record<DeviceKind, string | undefined>;
}

export interface State {
  page: Page;
  name: string;
  link: Link;
  devices: Devices;
  /** The `join` that is not answered yet. */
  join_id: number | undefined;
  /** What the hub last said about not letting this client in, while the page goes on trying. */
  trouble: ErrorCode | undefined;
}

/** How the opening of one device went. */
export type Opened = 'open' | MediaProblem;

export type PageEvent =
  | { event: 'navigated'; room: RoomName | undefined; autojoin: boolean }
  | { event: 'open-room'; room: RoomName }
  | { event: 'go-home' }
  | { event: 'name-changed'; name: string }
  | { event: 'join' }
  | { event: 'leave' }
  | { event: 'rejoin' }
  | { event: 'toggle'; kind: DeviceKind }
  | { event: 'choose-device'; kind: DeviceKind; id: string }
  | { event: 'device-settled'; mic?: Opened; camera?: Opened }
  | { event: 'device-ended'; kind: DeviceKind }
  | { event: 'devices-listed'; choices: Record<DeviceKind, Choice[]> }
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
  | { effect: 'remember-device'; kind: DeviceKind; id: string }
  | { effect: 'remember-guest'; guest: GuestCredential | undefined }
  | { effect: 'open-devices'; mic?: { id: string | undefined }; camera?: { id: string | undefined } }
  | { effect: 'mic-sends'; on: boolean }
  | { effect: 'close-device'; kind: DeviceKind }
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
    screen: false,
    screen_audio: false,
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
