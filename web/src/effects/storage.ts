/** What the browser remembers for this origin: the name, the guest's credential, the chosen devices, recent rooms, language. */
import type { Remembered } from '../call/reduce.ts';
import type { DeviceKind } from '../call/state.ts';
import { roomName } from '../call/names.ts';
import { RECENT_ROOMS_MAX } from '../call/recent.ts';
import type { GuestCredential, RoomName } from '../protocol/wire.ts';

const KEYS = {
  name: 'holdfast.name',
  guest: 'holdfast.guest',
  mic: 'holdfast.mic',
  camera: 'holdfast.camera',
  speaker: 'holdfast.speaker',
  recent: 'holdfast.recent',
  language: 'holdfast.language',
  keys: 'holdfast.keys',
  callsSeen: 'holdfast.calls-seen',
} as const;

export function recall(): Remembered {
  return {
    name: read(KEYS.name) ?? '',
    guest: parseGuest(read(KEYS.guest)),
    recent: parseRooms(read(KEYS.recent)),
    chosen: { mic: read(KEYS.mic), camera: read(KEYS.camera) },
    speaker: read(KEYS.speaker),
    calls_seen_unix_ms: Number(read(KEYS.callsSeen)) || undefined,
  };
}

export function rememberName(name: string): void {
  write(KEYS.name, name);
}

export function rememberRooms(recent: RoomName[]): void {
  write(KEYS.recent, recent.length > 0 ? JSON.stringify(recent) : undefined);
}

/** Up to when the user has seen the calls they missed. */
export function rememberCallsSeen(at_unix_ms: number): void {
  write(KEYS.callsSeen, String(at_unix_ms));
}

export function recallLanguage(): string | undefined {
  return read(KEYS.language);
}

export function rememberLanguage(code: string): void {
  write(KEYS.language, code);
}

/** Whether single keys work switches in a call; on unless the user said otherwise. */
export function keysWanted(): boolean {
  return read(KEYS.keys) !== 'off';
}

export function setKeysWanted(on: boolean): void {
  write(KEYS.keys, on ? undefined : 'off');
}

export function rememberDevice(kind: DeviceKind | 'speaker', id: string): void {
  write(KEYS[kind], id);
}

export function rememberGuest(guest: GuestCredential | undefined): void {
  write(KEYS.guest, guest && JSON.stringify(guest));
}

/** Storage may be switched off; then nothing is remembered, and the call works all the same. */
function read(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

function write(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // As above.
  }
}

/** Only what is a room's name: the storage is shared with whatever else runs on this origin. */
function parseRooms(text: string | undefined): RoomName[] {
  if (text === undefined) return [];
  try {
    const rooms: unknown = JSON.parse(text);
    if (!Array.isArray(rooms)) return [];
    const named = rooms.filter((room) => typeof room === 'string' && roomName(room) === room);
    return named.slice(0, RECENT_ROOMS_MAX);
  } catch {
    return [];
  }
}

function parseGuest(text: string | undefined): GuestCredential | undefined {
  if (text === undefined) return undefined;
  try {
    const { user, secret } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof user === 'string' && typeof secret === 'string' ? { user, secret } : undefined;
  } catch {
    return undefined;
  }
}
