/** The rooms a person was in lately, the latest first. Pure; `effects/storage.ts` keeps them. */
import type { RoomName } from '../protocol/wire.ts';

/** Most rooms kept; the oldest makes room for the next. */
export const RECENT_ROOMS_MAX = 5;

/** `recent` after a visit to `room`. */
export function visited(recent: readonly RoomName[], room: RoomName): RoomName[] {
  return [room, ...forgotten(recent, room)].slice(0, RECENT_ROOMS_MAX);
}

/** `recent` without `room`. */
export function forgotten(recent: readonly RoomName[], room: RoomName): RoomName[] {
  return recent.filter((one) => one !== room);
}
