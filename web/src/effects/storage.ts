/** What the browser remembers for this origin: the name, the guest's credential, the chosen devices. */
import type { Remembered } from '../call/reduce.ts';
import type { DeviceKind } from '../call/state.ts';
import type { GuestCredential } from '../protocol/wire.ts';

const KEYS = {
  name: 'holdfast.name',
  guest: 'holdfast.guest',
  mic: 'holdfast.mic',
  camera: 'holdfast.camera',
} as const;

export function recall(): Remembered {
  return {
    name: read(KEYS.name) ?? '',
    guest: parseGuest(read(KEYS.guest)),
    chosen: { mic: read(KEYS.mic), camera: read(KEYS.camera) },
  };
}

export function rememberName(name: string): void {
  write(KEYS.name, name);
}

export function rememberDevice(kind: DeviceKind, id: string): void {
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

function parseGuest(text: string | undefined): GuestCredential | undefined {
  if (text === undefined) return undefined;
  try {
    const { user, secret } = JSON.parse(text) as Partial<Record<string, unknown>>;
    return typeof user === 'string' && typeof secret === 'string' ? { user, secret } : undefined;
  } catch {
    return undefined;
  }
}
