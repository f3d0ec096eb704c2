/**
 * The way to the hub: one socket at a time, the session behind it, what was taken in and what is not acknowledged yet.
 * Pure: it is told the time and what happened, and returns the next link with what the socket has to do.
 * `effects/socket.ts` does it.
 */
import type { UnknownFrame } from '../protocol/decode.ts';
import {
  ACK_DELAY_MS,
  ACK_FRAMES,
  PROBE_TIMEOUT_MS,
  PROTOCOL_VERSION,
  type ClientFrame,
  type CommandId,
  type Epoch,
  type GuestCredential,
  type Heartbeat,
  type Hello,
  type HubFrame,
  type InstanceId,
  type Secret,
  type Seq,
  type SessionId,
} from '../protocol/wire.ts';
import { backoff_ms } from './backoff.ts';

/** From the first byte sent to `welcome`; a socket that takes longer is given up. */
export const OPEN_TIMEOUT_MS = 10_000;
/** A timer that fires this much too late means that the device slept: what is known about the socket is stale. */
export const WAKE_GAP_MS = 3_000;
/** Commands kept until the hub acknowledges them; when full the oldest signal goes, since negotiation says it again. */
export const OUTBOX_DEPTH = 256;

export type LinkPhase =
  | { is: 'off' }
  | { is: 'waiting'; retry_at_ms: number }
  | { is: 'opening'; give_up_at_ms: number }
  /** `probing`: a heartbeat was sent to see whether the socket lives, and nothing was heard since. */
  | { is: 'up'; heartbeat: Heartbeat; beat_at_ms: number; dead_at_ms: number; probing: boolean };

/** What it takes to come back to a session. */
export interface Session {
  session: SessionId;
  token: Secret;
  epoch: Epoch;
}

export interface Link {
  phase: LinkPhase;
  /** Numbers the sockets; what an earlier one still says is ignored. */
  socket: number;
  /** Sockets opened by this page. */
  attempt: number;
  /** Failures since the hub last proved alive. */
  failures: number;
  /** The hub asked not to come back before this. */
  not_before_ms: number;
  instance: InstanceId;
  guest: GuestCredential | undefined;
  session: Session | undefined;
  /** Whether the session's places are to stay as they are: the user is being asked. */
  hold: boolean;
  /** Whether the last `hello` asked for that. */
  held: boolean;
  /** The last numbered frame taken in in this epoch, and the last one acknowledged. */
  seq: Seq;
  acked_seq: Seq;
  ack_at_ms: number | undefined;
  /** The name that the session began with, as far as this page knows. */
  name: string;
  next_id: CommandId;
  /** Commands that the hub has not acknowledged, in order. */
  outbox: Numbered[];
}

export type LinkEffect =
  | { effect: 'open-socket' | 'close-socket'; socket: number }
  | { effect: 'send'; frame: ClientFrame }
  /** Ask over HTTP, one request after the other, whether the hub is there; until a socket is opened or closed. */
  | { effect: 'probe-hub' };

type Numbered = Extract<ClientFrame, { id: CommandId }>;
type WithoutId<F> = F extends { id: CommandId } ? Omit<F, 'id'> : never;
/** A client frame that has a number, before it has one. */
export type Command = WithoutId<ClientFrame>;
/** A hub frame with its place in the epoch; a few types have none. */
export type Heard = (HubFrame | UnknownFrame) & { seq?: Seq };

/** What a `welcome` goes on from. */
export type Continuity = 'same-epoch' | 'new-epoch' | 'new-session';

export type LinkStep = [Link, LinkEffect[]];

export function newLink(instance: InstanceId, guest: GuestCredential | undefined): Link {
  return {
    phase: { is: 'off' },
    socket: 0,
    attempt: 0,
    failures: 0,
    not_before_ms: 0,
    instance,
    guest,
    session: undefined,
    hold: false,
    held: false,
    seq: 0,
    acked_seq: 0,
    ack_at_ms: undefined,
    name: '',
    next_id: 1,
    outbox: [],
  };
}

/** Opens the link unless it is open already. */
export function start(link: Link, now_ms: number): LinkStep {
  if (link.phase.is !== 'off') return [link, []];
  if (now_ms < link.not_before_ms) {
    return [{ ...link, phase: { is: 'waiting', retry_at_ms: link.not_before_ms } }, []];
  }
  return open({ ...link, failures: 0 }, now_ms);
}

/** Closes the link for good and forgets the session; the guest stays who they are. */
export function stop(link: Link): LinkStep {
  const off = forget({ ...link, phase: { is: 'off' } });
  return [off, link.phase.is === 'off' ? [] : [{ effect: 'close-socket', socket: link.socket }]];
}

/** Another session under another name: the hub hears a name only when a session begins. */
export function renew(link: Link, now_ms: number): LinkStep {
  const [off, closing] = stop(link);
  const [opening, effects] = start(off, now_ms);
  return [opening, [...closing, ...effects]];
}

/** Goes on with the session of an earlier page. */
export function adopt(link: Link, session: Session, hold: boolean): Link {
  return { ...forget(link), session, hold };
}

/** The socket is open: the first frame. */
export function greet(link: Link, name: string): LinkStep {
  const hello: Hello = {
    protocol: PROTOCOL_VERSION,
    instance: link.instance,
    attempt: link.attempt,
    name,
  };
  if (link.guest) hello.guest = link.guest;
  if (link.session) hello.resume = { ...link.session, seq: link.seq, hold: link.hold };
  // A session that is resumed keeps the name that it began with.
  const known = link.session && link.name !== '' ? link.name : name;
  return [
    { ...link, name: known, held: link.hold },
    [{ effect: 'send', frame: { type: 'hello', ...hello } }],
  ];
}

/** How a `welcome` goes on from what this link knows. */
export function continuity(link: Link, welcome: HubFrame & { type: 'welcome' }): Continuity {
  const { session } = link;
  if (!welcome.resumed || session?.session !== welcome.session) return 'new-session';
  return session.epoch === welcome.epoch ? 'same-epoch' : 'new-epoch';
}

/** Whether the hub has yet to acknowledge a command; it is said again on the next socket. */
export function isUnacknowledged(link: Link, id: CommandId | undefined): boolean {
  return id !== undefined && link.outbox.some((command) => command.id === id);
}

/** Whether the hub has yet to hear of a call that was hung up or declined; only this session can tell it. */
export function isParting(link: Link): boolean {
  return link.outbox.some(({ type }) => type === 'leave' || type === 'decline' || type === 'end');
}

/** Whether the user goes by another name than the session does. */
export function isOtherName(link: Link, name: string | undefined): boolean {
  return name !== undefined && link.name !== '' && link.name !== name;
}

/** Whether a frame is to be taken in: not one that was taken in already, nor one from after a hole. */
export function isNext(link: Link, frame: Heard): boolean {
  return frame.seq === undefined || frame.seq === link.seq + 1;
}

/** Any frame of the current socket is a sign of life; some concern the link itself. */
export function heard(link: Link, now_ms: number, frame: Heard): LinkStep {
  let next = link;
  if (link.phase.is === 'up') {
    const dead_at_ms = now_ms + link.phase.heartbeat.timeout_ms;
    next = { ...link, phase: { ...link.phase, dead_at_ms, probing: false } };
  }
  if (frame.seq !== undefined) {
    // A hole cannot be mended on this socket; on the next one the hub goes on from `seq`.
    if (frame.seq > link.seq + 1) return giveUp(next, now_ms, 0);
    if (!isNext(link, frame)) return [next, []];
    const [taken, effects] = takeIn(next, now_ms, frame.seq);
    return [frame.type === 'error' ? putOff(taken, now_ms, frame) : taken, effects];
  }
  switch (frame.type) {
    case 'welcome':
      return welcomed(next, now_ms, frame);
    case 'heartbeat-ack':
      // Only now: a hub that welcomes and closes again must not be hammered.
      return [{ ...next, failures: 0 }, []];
    case 'ack':
      return [{ ...next, outbox: next.outbox.filter(({ id }) => id > frame.command) }, []];
    case 'going-away':
      return [{ ...next, not_before_ms: now_ms + frame.retry_after_ms }, []];
    case 'error':
      return refused(next, now_ms, frame);
    default:
      return [next, []];
  }
}

function takeIn(link: Link, now_ms: number, seq: Seq): LinkStep {
  const taken = { ...link, seq, ack_at_ms: link.ack_at_ms ?? now_ms + ACK_DELAY_MS };
  return seq - link.acked_seq >= ACK_FRAMES ? acknowledge(taken) : [taken, []];
}

function acknowledge(link: Link): LinkStep {
  const { seq } = link;
  return [
    { ...link, acked_seq: seq, ack_at_ms: undefined },
    [{ effect: 'send', frame: { type: 'ack', seq } }],
  ];
}

function welcomed(link: Link, now_ms: number, frame: HubFrame & { type: 'welcome' }): LinkStep {
  const { heartbeat, session, token, epoch, user, guest_secret, last_command } = frame;
  const how = continuity(link, frame);
  const outbox = link.outbox.filter(
    ({ id, type }) =>
      id > last_command && how !== 'new-session' && (how === 'same-epoch' || type !== 'signal'),
  );
  const [up, acking] = acknowledge({
    ...link,
    phase: {
      is: 'up',
      heartbeat,
      beat_at_ms: now_ms + heartbeat.interval_ms,
      dead_at_ms: now_ms + heartbeat.timeout_ms,
      probing: false,
    },
    guest: { user, secret: guest_secret },
    session: { session, token, epoch },
    seq: how === 'same-epoch' ? link.seq : 0,
    hold: how !== 'new-session' && link.hold,
    outbox,
  });
  return [up, [...acking, ...outbox.map((command): LinkEffect => ({ effect: 'send', frame: command }))]];
}

function refused(link: Link, now_ms: number, frame: HubFrame & { type: 'error' }): LinkStep {
  let next = link;
  const hasMore = link.session !== undefined || link.guest !== undefined;
  if (frame.code === 'session-unknown' && link.phase.is === 'opening') next = forget(link);
  if (frame.code === 'bad-credentials') next = { ...forget(link), guest: undefined };
  // There is less to refuse the next time, so it need not wait.
  if (next !== link && hasMore) next = { ...next, failures: 0 };
  return [putOff(next, now_ms, frame), []];
}

/** The hub asks to wait before the next socket; an answer to one command speaks of that command alone. */
function putOff(
  link: Link,
  now_ms: number,
  { retry_after_ms, in_reply_to }: HubFrame & { type: 'error' },
): Link {
  if (retry_after_ms === undefined || in_reply_to !== undefined) return link;
  return { ...link, not_before_ms: now_ms + retry_after_ms };
}

/** The current socket closed, or never opened. */
export function lost(link: Link, now_ms: number, random: number): LinkStep {
  if (link.phase.is === 'off') return [link, []];
  const retry_at_ms = Math.max(now_ms + backoff_ms(link.failures, random), link.not_before_ms);
  const asked = link.not_before_ms > now_ms;
  const waiting: Link = {
    ...link,
    failures: link.failures + 1,
    ack_at_ms: undefined,
    phase: { is: 'waiting', retry_at_ms },
  };
  return [waiting, link.failures > 0 && !asked ? [{ effect: 'probe-hub' }] : []];
}

/** Whatever is due by now. */
export function tick(link: Link, now_ms: number, random: number): LinkStep {
  const { phase } = link;
  if (phase.is === 'waiting' && now_ms >= phase.retry_at_ms) return open(link, now_ms);
  if (phase.is === 'opening' && now_ms >= phase.give_up_at_ms) return giveUp(link, now_ms, random);
  if (phase.is !== 'up') return [link, []];
  const due_ms = Math.min(phase.beat_at_ms, phase.dead_at_ms);
  if (!phase.probing && now_ms - due_ms > WAKE_GAP_MS) return probe(link, now_ms);
  if (now_ms >= phase.dead_at_ms) return giveUp(link, now_ms, random);
  const acks = link.ack_at_ms !== undefined && now_ms >= link.ack_at_ms;
  const [acked, effects] = acks ? acknowledge(link) : ([link, []] satisfies LinkStep);
  if (now_ms < phase.beat_at_ms) return [acked, effects];
  const beating = { ...phase, beat_at_ms: now_ms + phase.heartbeat.interval_ms };
  return [{ ...acked, phase: beating }, [...effects, { effect: 'send', frame: { type: 'heartbeat' } }]];
}

/** The socket must prove that it lives, and soon. */
export function probe(link: Link, now_ms: number): LinkStep {
  const { phase } = link;
  if (phase.is !== 'up' || phase.probing) return [link, []];
  const beat_at_ms = now_ms + phase.heartbeat.interval_ms;
  const probing: LinkPhase = { ...phase, beat_at_ms, dead_at_ms: now_ms + PROBE_TIMEOUT_MS, probing: true };
  return [{ ...link, phase: probing }, [{ effect: 'send', frame: { type: 'heartbeat' } }]];
}

/** The user asks, or a request over HTTP was answered: the waits start over, unless the hub asked to wait. */
export function reconnectNow(link: Link, now_ms: number): LinkStep {
  if (link.phase.is !== 'waiting') return [link, []];
  if (now_ms >= link.not_before_ms) return open({ ...link, failures: 0 }, now_ms);
  return [{ ...link, failures: 0, phase: { is: 'waiting', retry_at_ms: link.not_before_ms } }, []];
}

/** The device says that it has a network again; a socket that owes an answer since it was lost is not waited for. */
export function online(link: Link, now_ms: number): LinkStep {
  const { phase } = link;
  if (phase.is === 'waiting') return reconnectNow(link, now_ms);
  if (phase.is !== 'up') return [{ ...link, failures: 0 }, []];
  if (!phase.probing) return probe(link, now_ms);
  const [waiting, closing] = giveUp({ ...link, failures: 0 }, now_ms, 0);
  const [opening, effects] = reconnectNow(waiting, now_ms);
  return [opening, [...closing, ...effects]];
}

/** Says `command`, now or when the session is back, and keeps it until the hub has acknowledged it. */
export function say(link: Link, command: Command): LinkStep {
  const frame = { ...command, id: link.next_id } as Numbered;
  const outbox = [...link.outbox, frame];
  if (outbox.length > OUTBOX_DEPTH) {
    const oldest = outbox.findIndex(({ type }) => type === 'signal');
    outbox.splice(Math.max(0, oldest), 1);
  }
  const next = { ...link, next_id: link.next_id + 1, outbox };
  return [next, link.phase.is === 'up' ? [{ effect: 'send', frame }] : []];
}

/** When `tick` is next due; undefined when nothing is. */
export function linkDeadline_ms({ phase, ack_at_ms }: Link): number | undefined {
  switch (phase.is) {
    case 'off':
      return undefined;
    case 'waiting':
      return phase.retry_at_ms;
    case 'opening':
      return phase.give_up_at_ms;
    case 'up':
      return Math.min(phase.beat_at_ms, phase.dead_at_ms, ack_at_ms ?? Infinity);
  }
}

function open(link: Link, now_ms: number): LinkStep {
  const socket = link.socket + 1;
  const phase: LinkPhase = { is: 'opening', give_up_at_ms: now_ms + OPEN_TIMEOUT_MS };
  return [{ ...link, socket, attempt: link.attempt + 1, phase }, [{ effect: 'open-socket', socket }]];
}

function giveUp(link: Link, now_ms: number, random: number): LinkStep {
  const [waiting, effects] = lost(link, now_ms, random);
  // The number rises, so that the late close of the old socket says nothing.
  return [
    { ...waiting, socket: link.socket + 1 },
    [{ effect: 'close-socket', socket: link.socket }, ...effects],
  ];
}

/** Without a session to come back to, and what was said in it. */
function forget(link: Link): Link {
  return { ...link, session: undefined, hold: false, seq: 0, acked_seq: 0, ack_at_ms: undefined, outbox: [] };
}
