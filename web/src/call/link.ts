/**
 * The way to the hub: one socket at a time, the session behind it, and what waits to be said. Pure: it is told the
 * time and what happened, and returns the next link with what the socket has to do. `effects/socket.ts` does it.
 */
import {
  PROTOCOL_VERSION,
  type CallId,
  type ClientFrame,
  type CommandId,
  type GuestCredential,
  type Heartbeat,
  type Hello,
  type HubFrame,
  type InstanceId,
  type Resume,
} from '../protocol/wire.ts';
import { backoff_ms } from './backoff.ts';

/** From the first byte sent to `welcome`; a socket that takes longer is given up. */
export const OPEN_TIMEOUT_MS = 10_000;
/** How long an answer may take when the device says that its network came back. */
export const PROBE_TIMEOUT_MS = 2_000;
/** Commands kept while the hub is away; when full the oldest goes, since each has a later one that mends it. */
export const QUEUE_DEPTH = 256;
/** How long to try to say a `leave` that the hub could not hear; the hub gives the place up by itself after that. */
export const FAREWELL_MS = 30_000;

export type LinkPhase =
  | { is: 'off' }
  | { is: 'waiting'; retry_at_ms: number }
  | { is: 'opening'; give_up_at_ms: number }
  | { is: 'up'; heartbeat: Heartbeat; beat_at_ms: number; dead_at_ms: number };

export interface Link {
  phase: LinkPhase;
  /** Numbers the sockets; what an earlier one still says is ignored. */
  socket: number;
  /** Failures since the hub last proved alive. */
  attempt: number;
  /** The hub asked not to come back before this. */
  not_before_ms: number;
  /** Set when all that is left to do is to say goodbye, and until when to try. */
  farewell_until_ms: number | undefined;
  instance: InstanceId;
  guest: GuestCredential | undefined;
  resume: Resume | undefined;
  next_id: CommandId;
  queue: ClientFrame[];
}

export type LinkEffect =
  { effect: 'open-socket' | 'close-socket'; socket: number } | { effect: 'send'; frame: ClientFrame };

type WithoutId<F> = F extends { id: CommandId } ? Omit<F, 'id'> : never;
/** A client frame that has a number, before it has one. */
export type Command = WithoutId<ClientFrame>;

type Step = [Link, LinkEffect[]];

export function newLink(instance: InstanceId, guest: GuestCredential | undefined): Link {
  return {
    phase: { is: 'off' },
    socket: 0,
    attempt: 0,
    not_before_ms: 0,
    farewell_until_ms: undefined,
    instance,
    guest,
    resume: undefined,
    next_id: 1,
    queue: [],
  };
}

/** Opens the link unless it is open already. */
export function start(link: Link, now_ms: number): Step {
  const kept = { ...link, farewell_until_ms: undefined };
  if (link.phase.is !== 'off') return [kept, []];
  if (now_ms < link.not_before_ms) {
    return [{ ...kept, phase: { is: 'waiting', retry_at_ms: link.not_before_ms } }, []];
  }
  return open({ ...kept, attempt: 0 }, now_ms);
}

/** Closes the link for good and forgets the session; the guest stays who they are. */
export function stop(link: Link): Step {
  const off: Link = {
    ...link,
    phase: { is: 'off' },
    farewell_until_ms: undefined,
    resume: undefined,
    queue: [],
  };
  return [off, hasSocket(link) ? [{ effect: 'close-socket', socket: link.socket }] : []];
}

/** Leaves `calls` and closes the link; the hub must hear it. */
export function farewell(link: Link, calls: CallId[]): Step {
  let next = link;
  const effects: LinkEffect[] = [];
  for (const call of calls) {
    const [said, saying] = say(next, { type: 'leave', call });
    next = said;
    effects.push(...saying);
  }
  const [off, closing] = stop(next);
  return [off, [...effects, ...closing]];
}

/** Comes back to the hub, if it must, only to leave whatever call the session is in. */
export function farewellLater(link: Link, now_ms: number): Step {
  if (link.phase.is === 'off' || (!link.resume && link.phase.is !== 'up')) return stop(link);
  return [{ ...link, queue: [], farewell_until_ms: now_ms + FAREWELL_MS }, []];
}

/** The socket is open: the first frame. */
export function greet(link: Link, name: string): Step {
  const hello: Hello = { protocol: PROTOCOL_VERSION, instance: link.instance, attempt: 0, name };
  if (link.guest) hello.guest = link.guest;
  if (link.resume) hello.resume = link.resume;
  return [link, [{ effect: 'send', frame: { type: 'hello', ...hello } }]];
}

/** The current socket closed, or never opened. */
export function lost(link: Link, now_ms: number, random: number): Step {
  if (link.phase.is === 'off') return [link, []];
  const retry_at_ms = Math.max(now_ms + backoff_ms(link.attempt, random), link.not_before_ms);
  return [{ ...link, attempt: link.attempt + 1, phase: { is: 'waiting', retry_at_ms } }, []];
}

/** Any frame of the current socket is a sign of life; some concern the link itself. */
export function heard(link: Link, now_ms: number, frame: HubFrame): Step {
  let next = link;
  if (link.phase.is === 'up') {
    next = { ...link, phase: { ...link.phase, dead_at_ms: now_ms + link.phase.heartbeat.timeout_ms } };
  }
  switch (frame.type) {
    case 'welcome':
      return welcomed(next, now_ms, frame);
    case 'heartbeat-ack':
      // Only now: a hub that welcomes and closes again must not be hammered.
      return [{ ...next, attempt: 0 }, []];
    case 'going-away':
      return [{ ...next, not_before_ms: now_ms + frame.retry_after_ms }, []];
    case 'error':
      if (frame.code === 'bad-credentials') next = { ...next, guest: undefined, resume: undefined };
      if (frame.retry_after_ms === undefined) return [next, []];
      return [{ ...next, not_before_ms: now_ms + frame.retry_after_ms }, []];
    default:
      return [next, []];
  }
}

function welcomed(link: Link, now_ms: number, frame: HubFrame & { type: 'welcome' }): Step {
  const { heartbeat, session, token, user, guest_secret, resumed } = frame;
  const up: Link = {
    ...link,
    phase: {
      is: 'up',
      heartbeat,
      beat_at_ms: now_ms + heartbeat.interval_ms,
      dead_at_ms: now_ms + heartbeat.timeout_ms,
    },
    guest: { user, secret: guest_secret },
    resume: { session, token, epoch: frame.epoch, seq: 0, hold: false },
    queue: [],
  };
  if (link.farewell_until_ms === undefined) {
    return [up, (resumed ? link.queue : []).map((waiting) => ({ effect: 'send', frame: waiting }))];
  }
  return frame.calls.length === 0
    ? stop(up)
    : farewell(
        up,
        frame.calls.map((call) => call.id),
      );
}

/** Whatever is due by now. */
export function tick(link: Link, now_ms: number, random: number): Step {
  if (link.farewell_until_ms !== undefined && now_ms >= link.farewell_until_ms) return stop(link);
  const { phase } = link;
  if (phase.is === 'waiting' && now_ms >= phase.retry_at_ms) return open(link, now_ms);
  if (phase.is === 'opening' && now_ms >= phase.give_up_at_ms) return giveUp(link, now_ms, random);
  if (phase.is !== 'up') return [link, []];
  if (now_ms >= phase.dead_at_ms) return giveUp(link, now_ms, random);
  if (now_ms < phase.beat_at_ms) return [link, []];
  const beating = { ...phase, beat_at_ms: now_ms + phase.heartbeat.interval_ms };
  return [{ ...link, phase: beating }, [{ effect: 'send', frame: { type: 'heartbeat' } }]];
}

/** The device says that it has a network again: the waits start over, and a socket must prove that it lives. */
export function online(link: Link, now_ms: number): Step {
  const { phase } = link;
  if (phase.is === 'waiting') {
    const retry_at_ms = Math.max(now_ms, link.not_before_ms);
    return [{ ...link, attempt: 0, phase: { is: 'waiting', retry_at_ms } }, []];
  }
  if (phase.is !== 'up') return [{ ...link, attempt: 0 }, []];
  const probing = { ...phase, dead_at_ms: Math.min(phase.dead_at_ms, now_ms + PROBE_TIMEOUT_MS) };
  return [{ ...link, phase: probing }, [{ effect: 'send', frame: { type: 'heartbeat' } }]];
}

/** Says `command`, or keeps it until the session is back. */
export function say(link: Link, command: Command): Step {
  const frame = { ...command, id: link.next_id } as ClientFrame;
  const next = { ...link, next_id: link.next_id + 1 };
  if (link.phase.is === 'up') return [next, [{ effect: 'send', frame }]];
  return [{ ...next, queue: [...link.queue, frame].slice(-QUEUE_DEPTH) }, []];
}

/** When `tick` is next due; undefined when nothing is. */
export function linkDeadline_ms(link: Link): number | undefined {
  const due: number[] = link.farewell_until_ms === undefined ? [] : [link.farewell_until_ms];
  const { phase } = link;
  if (phase.is === 'waiting') due.push(phase.retry_at_ms);
  if (phase.is === 'opening') due.push(phase.give_up_at_ms);
  if (phase.is === 'up') due.push(phase.beat_at_ms, phase.dead_at_ms);
  return due.length > 0 ? Math.min(...due) : undefined;
}

function open(link: Link, now_ms: number): Step {
  const socket = link.socket + 1;
  const phase: LinkPhase = { is: 'opening', give_up_at_ms: now_ms + OPEN_TIMEOUT_MS };
  return [{ ...link, socket, phase }, [{ effect: 'open-socket', socket }]];
}

function giveUp(link: Link, now_ms: number, random: number): Step {
  const [waiting] = lost(link, now_ms, random);
  // The number rises, so that the late close of the old socket says nothing.
  return [{ ...waiting, socket: link.socket + 1 }, [{ effect: 'close-socket', socket: link.socket }]];
}

function hasSocket(link: Link): boolean {
  return link.phase.is === 'opening' || link.phase.is === 'up';
}
