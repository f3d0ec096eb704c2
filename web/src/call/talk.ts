/**
 * What participants say to each other without the hub: the chat with its history, and raised hands. Pure; the
 * channels are `effects/pair.ts`.
 */
import { chatText, historyFrames } from '../protocol/control.ts';
import {
  CHAT_HISTORY_MAX,
  type ChatMessage,
  type ControlFrame,
  type ParticipantId,
} from '../protocol/wire.ts';
import type { Next, PageEffect, PageEvent, State } from './state.ts';

/** A message as this page keeps it. */
export interface Line {
  message: ChatMessage;
  /** When it was said, as far as this page can tell, and never later than when it arrived; the lines' order. */
  at_unix_ms: number;
  /** Who handed it on, when that was not its author: then author and name are only hearsay. */
  told_by: ParticipantId | undefined;
}

export interface Talk {
  /** Oldest first, the latest 200. */
  lines: readonly Line[];
  panelOpen: boolean;
  /** Messages of others that came while the panel was closed. */
  unread: number;
  /** Whose hand is up, one's own included. */
  hands: readonly ParticipantId[];
}

export function newTalk(): Talk {
  return { lines: [], panelOpen: false, unread: 0, hands: [] };
}

type TalkEvent = Extract<
  PageEvent,
  { event: 'chat-send' | 'chat-panel' | 'toggle-hand' | 'channel-opened' | 'channel-heard' }
>;

export function onTalk(state: State, event: TalkEvent): Next {
  const { page, talk } = state;
  if (page.at !== 'call') return [state, []];
  switch (event.event) {
    case 'chat-panel':
      return [put(state, { panelOpen: event.open, unread: event.open ? 0 : talk.unread }), []];
    case 'toggle-hand': {
      const raised = !talk.hands.includes(page.you);
      return [
        put(state, { hands: withHand(talk.hands, page.you, raised) }),
        sayAll({ type: 'hand', raised }),
      ];
    }
    case 'chat-send': {
      const text = chatText(event.text);
      if (text === undefined) return [state, []];
      const { id, now_unix_ms: sent_unix_ms } = event;
      const name = nameOf(state, page.you) ?? state.name;
      const message: ChatMessage = { id, author: page.you, name, sent_unix_ms, text };
      const line: Line = { message, at_unix_ms: sent_unix_ms, told_by: undefined };
      return [add(state, page.you, [line]), sayAll({ type: 'chat', message })];
    }
    case 'channel-opened': {
      // A hand that is up is said again, so one that is not said is down.
      const hands = withHand(talk.hands, event.participant, false);
      const frames = historyFrames(talk.lines.map(({ message }) => message));
      if (talk.hands.includes(page.you)) frames.push({ type: 'hand', raised: true });
      return [put(state, { hands }), frames.length === 0 ? [] : [say(event.participant, frames)]];
    }
    case 'channel-heard':
      return [heard(state, page.you, event), []];
  }
}

/** Without the hands of those who left. */
export function forgetGone(state: State): State {
  const { page, talk } = state;
  if (page.at !== 'call' || talk.hands.length === 0) return state;
  const hands = talk.hands.filter((id) => page.people.some((person) => person.id === id));
  return hands.length === talk.hands.length ? state : put(state, { hands });
}

function heard(state: State, you: ParticipantId, event: PageEvent & { event: 'channel-heard' }): State {
  const { participant, frame, now_unix_ms } = event;
  const name = nameOf(state, participant);
  // Somebody who is not in the call has nothing to say.
  if (name === undefined) return state;
  if (frame.type === 'hand') {
    return put(state, { hands: withHand(state.talk.hands, participant, frame.raised) });
  }
  if (frame.type === 'chat') {
    // Nobody speaks for another: author and name are those of the channel.
    const message = { ...frame.message, author: participant, name };
    return add(state, you, [{ message, at_unix_ms: now_unix_ms, told_by: undefined }]);
  }
  // Clocks differ, so whoever tells is believed about the order, and the clocks only about the place among the rest.
  let at_unix_ms = 0;
  const lines = frame.messages.map((message): Line => {
    const own = message.author === participant;
    const known = state.talk.lines.find((line) => line.message.id === message.id);
    const here_unix_ms = known?.at_unix_ms ?? Math.min(message.sent_unix_ms, now_unix_ms);
    at_unix_ms = Math.max(at_unix_ms, here_unix_ms);
    return {
      message: own ? { ...message, name } : message,
      at_unix_ms,
      told_by: own ? undefined : participant,
    };
  });
  return add(state, you, lines);
}

/** Takes what is new, in its place by time; when full the oldest go. */
function add(state: State, you: ParticipantId, lines: Line[]): State {
  const { talk } = state;
  const known = new Set(talk.lines.map(({ message }) => message.id));
  const fresh: Line[] = [];
  for (const line of lines) {
    if (known.has(line.message.id)) continue;
    known.add(line.message.id);
    fresh.push(line);
  }
  if (fresh.length === 0) return state;
  const sorted = [...talk.lines, ...fresh].sort((one, other) => one.at_unix_ms - other.at_unix_ms);
  const kept = sorted.slice(-CHAT_HISTORY_MAX);
  if (talk.panelOpen) return put(state, { lines: kept });
  const others = new Set(fresh.filter(({ message }) => message.author !== you));
  const news = kept.filter((line) => others.has(line)).length;
  return put(state, { lines: kept, unread: Math.min(talk.unread + news, CHAT_HISTORY_MAX) });
}

function put(state: State, change: Partial<Talk>): State {
  return { ...state, talk: { ...state.talk, ...change } };
}

function withHand(hands: readonly ParticipantId[], id: ParticipantId, raised: boolean): ParticipantId[] {
  const others = hands.filter((one) => one !== id);
  return raised ? [...others, id] : others;
}

function nameOf({ page }: State, id: ParticipantId): string | undefined {
  return page.at === 'call' ? page.people.find((person) => person.id === id)?.name : undefined;
}

function sayAll(frame: ControlFrame): PageEffect[] {
  return [say(undefined, [frame])];
}

function say(to: ParticipantId | undefined, frames: ControlFrame[]): PageEffect {
  return { effect: 'control-say', to, frames };
}
