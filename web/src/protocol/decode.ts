/** Text of the WebSocket to frames and back. The types are generated; here is the check that a frame is a known one. */
import type { ClientFrame, HubFrame, LoggedCall, Seq } from './wire.ts';

/** Every frame type of the hub. The compiler refuses this table when one is missing or unknown. */
const HUB_FRAME_TYPES: Record<HubFrame['type'], true> = {
  welcome: true,
  joined: true,
  ringing: true,
  'incoming-call': true,
  'accepted-elsewhere': true,
  'missed-call': true,
  'call-ended': true,
  'call-over': true,
  left: true,
  'peer-joined': true,
  'peer-disconnected': true,
  'peer-reconnected': true,
  'peer-left': true,
  signal: true,
  'media-state': true,
  'ice-servers': true,
  directory: true,
  presence: true,
  ack: true,
  'heartbeat-ack': true,
  'going-away': true,
  error: true,
};

/** A frame of a type that this version does not know: a newer hub may say more, and counts it. */
export interface UnknownFrame {
  type: 'unknown';
}

/**
 * One text message of the hub; undefined when it is not JSON or has no type. The fields of a known type are trusted:
 * the hub is the page's own origin.
 */
export function decodeHubFrame(text: string): ((HubFrame | UnknownFrame) & { seq?: Seq }) | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const { type } = value;
  if (typeof type !== 'string') return undefined;
  if (Object.hasOwn(HUB_FRAME_TYPES, type)) return value as HubFrame;
  return 'seq' in value && typeof value.seq === 'number'
    ? { type: 'unknown', seq: value.seq }
    : { type: 'unknown' };
}

/** The frame as its text message. */
export function encodeClientFrame(frame: ClientFrame): string {
  return JSON.stringify(frame);
}

/** The answer of `GET /api/calls`; undefined when it is none. */
export function decodeCallLog(value: unknown): LoggedCall[] | undefined {
  if (typeof value !== 'object' || value === null || !('calls' in value)) return undefined;
  return Array.isArray(value.calls) ? (value.calls as LoggedCall[]) : undefined;
}
