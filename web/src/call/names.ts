/**
 * Names that people choose or are given. The hub checks them again; here they are checked so that people hear it
 * before they press a button.
 */
import { NAME_CHARS_MAX, ROOM_NAME_CHARS_MAX, type RoomName } from '../protocol/wire.ts';

/** Random bytes in a generated room name. */
export const ROOM_RANDOM_BYTES = 12;

/** Characters that hide, reorder or break the text around them; the joiners stay, scripts and emoji need them. */
const FORBIDDEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

/** Characters that show nothing by themselves, the same as in `protocol/src/name.rs`: a name needs another one. */
const BLANK =
  /[\s\u0300-\u036f\u115f\u1160\u200c\u200d\u20d0-\u20ff\u2800\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;

/** The display name as the hub will take it, or undefined when it will not. */
export function displayName(text: string): string | undefined {
  const name = text.trim();
  const length = [...name].length;
  const isSeen = name.replace(BLANK, '') !== '';
  return isSeen && length <= NAME_CHARS_MAX && !FORBIDDEN.test(name) ? name : undefined;
}

/** A room's name from what people type or paste: a name, a path or a whole link. Undefined when it is none. */
export function roomName(text: string): RoomName | undefined {
  const trimmed = text.trim();
  const name = /\/r\/([^/?#]*)/.exec(trimmed)?.[1] ?? trimmed;
  const lowered = name.toLowerCase().replace(/\s+/g, '-');
  const ok = lowered.length <= ROOM_NAME_CHARS_MAX && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(lowered);
  return ok ? lowered : undefined;
}

/** A room name that reads well from random bytes: each two bytes are one word of consonants and vowels in turn. */
export function proquints(bytes: Uint8Array): RoomName {
  const words: string[] = [];
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    const bits = ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    const consonant = (shift: number) => 'bdfghjklmnprstvz'.charAt((bits >> shift) & 15);
    const vowel = (shift: number) => 'aiou'.charAt((bits >> shift) & 3);
    words.push(consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0));
  }
  return words.join('-');
}
