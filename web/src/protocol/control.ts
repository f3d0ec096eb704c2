/**
 * Text of the control channel to frames and back. Other participants are strangers: every field is checked, and what
 * is not a well-formed frame is none.
 */
import { displayName } from '../call/names.ts';
import {
  CHAT_CHARS_MAX,
  CHAT_HISTORY_MAX,
  CONTROL_BYTES_MAX,
  type ChatMessage,
  type ChatText,
  type ControlFrame,
} from './wire.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Control characters except tab and new line, and halves of surrogate pairs. */
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]|\p{Surrogate}/u;
const encoder = new TextEncoder();

/** The text as others will take it, or undefined when they will not. */
export function chatText(text: string): ChatText | undefined {
  const trimmed = text.replace(/\r\n?/g, '\n').trim();
  if (trimmed === '' || FORBIDDEN.test(trimmed)) return undefined;
  // Cheap first: a code point is at most two of the units that `length` counts.
  const fits = trimmed.length <= CHAT_CHARS_MAX || [...trimmed].length <= CHAT_CHARS_MAX;
  return fits ? trimmed : undefined;
}

/** A message of the channel; undefined when it is not well-formed or of a type this version does not know. */
export function decodeControlFrame(text: string): ControlFrame | undefined {
  // Each UTF-16 unit is at least one byte, so a long text need not be measured.
  if (text.length > CONTROL_BYTES_MAX || bytes(text) > CONTROL_BYTES_MAX) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { type, message, messages, raised } = fields(value);
  if (type === 'hand') return typeof raised === 'boolean' ? { type, raised } : undefined;
  if (type === 'chat') {
    const read = chatMessage(message);
    return read && { type, message: read };
  }
  if (type !== 'chat-history' || !Array.isArray(messages) || messages.length > CHAT_HISTORY_MAX) {
    return undefined;
  }
  const read = messages.map(chatMessage);
  return read.every((one) => one !== undefined) ? { type, messages: read } : undefined;
}

export function encodeControlFrame(frame: ControlFrame): string {
  return JSON.stringify(frame);
}

/** The history in as few frames as hold it; none for an empty one. */
export function historyFrames(messages: readonly ChatMessage[]): ControlFrame[] {
  const type = 'chat-history' as const;
  const empty = bytes(encodeControlFrame({ type, messages: [] }));
  const frames: { type: typeof type; messages: ChatMessage[] }[] = [];
  let size = Infinity;
  for (const message of messages) {
    // The comma before it included.
    const more = bytes(JSON.stringify(message)) + 1;
    if (size + more > CONTROL_BYTES_MAX) {
      frames.push({ type, messages: [] });
      size = empty;
    }
    frames.at(-1)?.messages.push(message);
    size += more;
  }
  return frames;
}

function chatMessage(value: unknown): ChatMessage | undefined {
  const { id, author, name, sent_unix_ms, text } = fields(value);
  if (!isUuid(id) || !isUuid(author) || typeof name !== 'string' || typeof text !== 'string')
    return undefined;
  if (typeof sent_unix_ms !== 'number' || !Number.isSafeInteger(sent_unix_ms) || sent_unix_ms < 0) {
    return undefined;
  }
  // Others trim and check before they send; a difference means that they did not.
  if (displayName(name) !== name || chatText(text) !== text) return undefined;
  return { id, author, name, sent_unix_ms, text };
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function isUuid(value: unknown): value is string {
  return typeof value === 'string' && UUID.test(value);
}

function bytes(text: string): number {
  return encoder.encode(text).length;
}
