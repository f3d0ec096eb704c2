/** The golden frames of `tests/vectors/wire/`, and a driver of the core, for tests. */
import { readFileSync, readdirSync } from 'node:fs';
import type { CallSnapshot, ClientFrame, HubFrame, Participant } from '../protocol/wire.ts';
import type { Heard } from './link.ts';
import { newState, reduce } from './reduce.ts';
import type { PageEffect, PageEvent, State } from './state.ts';

const WIRE = new URL('../../../tests/vectors/wire/', import.meta.url);

/** Every golden message of one kind: its name and its text. */
export function goldenTexts(direction: 'client' | 'hub' | 'control'): [string, string][] {
  const folder = new URL(`${direction}/`, WIRE);
  return readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder), 'utf8')]);
}

export function golden<Type extends HubFrame['type']>(
  type: Type,
  name: string = type,
): HubFrame & { type: Type } {
  return JSON.parse(readFileSync(new URL(`hub/${name}.json`, WIRE), 'utf8')) as HubFrame & { type: Type };
}

/** The room of the golden frames. */
export const ROOM = 'team-sync';
export const ADA = '0000ada0-0000-4000-8000-000000000001';
export const BOB = '0000b0b0-0000-4000-8000-000000000002';

/** A participant other than the golden ones. */
export function participant(id: string, incarnation = 1): Participant {
  const { participant: bob } = golden('peer-joined');
  return { ...bob, id, incarnation };
}

/** The golden call with other participants beside Ada, who is the receiver. */
export function callOf(...others: Participant[]): CallSnapshot {
  const { call } = golden('joined');
  return { ...call, participants: [...call.participants.slice(0, 1), ...others] };
}

/** Drives the core: keeps the state, the time and what was asked for. */
export class Core {
  state: State;
  now_ms = 1000;
  effects: PageEffect[] = [];

  constructor(name = 'Ada') {
    const chosen = { mic: undefined, camera: undefined };
    this.state = newState('00001257-0000-4000-8000-000000000001', {
      name,
      guest: undefined,
      recent: [],
      chosen,
    });
  }

  /** Feeds one event; `effects` are then those of this event alone. */
  feed(event: PageEvent): this {
    [this.state, this.effects] = reduce(this.state, this.now_ms, event);
    return this;
  }

  frame(frame: Heard): this {
    return this.feed({ event: 'frame', socket: this.state.link.socket, frame });
  }

  /** A frame with its place in the epoch. */
  numbered(seq: number, frame: HubFrame): this {
    return this.frame({ ...frame, seq });
  }

  opened(): this {
    return this.feed({ event: 'socket-opened', socket: this.state.link.socket });
  }

  closed(code = 1006): this {
    return this.feed({ event: 'socket-closed', socket: this.state.link.socket, code, random: 0 });
  }

  after(wait_ms: number): this {
    this.now_ms += wait_ms;
    return this.feed({ event: 'tick', random: 0 });
  }

  /** Into the golden call, with everything switched on. */
  inCall(call: CallSnapshot = golden('joined').call): this {
    this.feed({ event: 'navigated', room: ROOM, autojoin: true });
    this.feed({ event: 'device-settled', mic: 'open', camera: 'open' });
    this.opened().frame(golden('welcome'));
    return this.frame({ type: 'joined', in_reply_to: this.state.join_id ?? -1, call });
  }

  /** The frames that the last event sent, but for the acknowledgements. */
  get sent(): ClientFrame[] {
    return this.#sent.filter(({ type }) => type !== 'ack');
  }

  /** What the last event acknowledged. */
  get acked(): number[] {
    return this.#sent.flatMap((frame) => (frame.type === 'ack' ? [frame.seq] : []));
  }

  get #sent(): ClientFrame[] {
    return this.effects.flatMap((effect) => (effect.effect === 'send' ? [effect.frame] : []));
  }

  /** The names of the last event's effects, in order. */
  get done(): string[] {
    return this.effects.map(({ effect }) => effect);
  }
}
