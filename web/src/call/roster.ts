/** Who is in the call, and which connections follow from that. Pure. */
import type { CallSnapshot, HubFrame, MediaState, Participant, ParticipantId } from '../protocol/wire.ts';
import type { PageEffect, Person } from './state.ts';

type Step = [Person[], PageEffect[]];

/** A call that was just joined: everyone is new. */
export function fresh(call: CallSnapshot, now_ms: number): Step {
  return resync([], call, now_ms);
}

/** The roster as the hub knows it now. Pairs whose two ends are the same as before are not touched. */
export function resync(before: Person[], call: CallSnapshot, now_ms: number): Step {
  const effects: PageEffect[] = [];
  const known = new Map(before.map((person) => [person.id, person]));
  const people = call.participants.map((participant) => {
    const old = known.get(participant.id);
    known.delete(participant.id);
    const until_ms = untilOf(participant, now_ms);
    if (participant.id === call.you) return { ...participant, pair: undefined, until_ms };
    if (old?.incarnation !== participant.incarnation) {
      if (old) effects.push({ effect: 'close-pair', participant: old.id });
      effects.push(openPair(call.you, participant));
      return { ...participant, pair: firstState(participant), until_ms };
    }
    if (isAway(old) !== isAway(participant)) {
      effects.push({ effect: isAway(participant) ? 'pair-away' : 'pair-back', participant: participant.id });
    }
    return { ...participant, pair: old.pair, until_ms };
  });
  for (const gone of known.keys()) {
    if (gone !== call.you) effects.push({ effect: 'close-pair', participant: gone });
  }
  return [people, effects];
}

/** Someone joined. */
export function joined(people: Person[], you: ParticipantId, participant: Participant, now_ms: number): Step {
  if (people.some((person) => person.id === participant.id)) return [people, []];
  const person = { ...participant, pair: firstState(participant), until_ms: untilOf(participant, now_ms) };
  return [[...people, person], [openPair(you, participant)]];
}

/** Someone left for good. */
export function left(people: Person[], gone: ParticipantId): Step {
  if (!people.some((person) => person.id === gone)) return [people, []];
  return [people.filter((person) => person.id !== gone), [{ effect: 'close-pair', participant: gone }]];
}

/** Someone's socket is lost; the connection to them is not touched. */
export function away(
  people: Person[],
  frame: HubFrame & { type: 'peer-disconnected' },
  now_ms: number,
): Step {
  const { participant, since_unix_ms, deadline_unix_ms, ms_left } = frame;
  if (!people.some((person) => person.id === participant)) return [people, []];
  const state = { is: 'temporarily-disconnected' as const, since_unix_ms, deadline_unix_ms, ms_left };
  const until_ms = now_ms + ms_left;
  return [change(people, participant, { state, until_ms }), [{ effect: 'pair-away', participant }]];
}

/** Someone is back; a higher incarnation is a new page or process, whose connections are gone. */
export function back(
  people: Person[],
  you: ParticipantId,
  frame: HubFrame & { type: 'peer-reconnected' },
): Step {
  const old = people.find((person) => person.id === frame.participant);
  if (!old) return [people, []];
  const person: Person = {
    ...old,
    incarnation: frame.incarnation,
    state: { is: 'connected' },
    until_ms: undefined,
  };
  if (frame.incarnation === old.incarnation) {
    return [change(people, old.id, person), [{ effect: 'pair-back', participant: old.id }]];
  }
  const effects: PageEffect[] = [{ effect: 'close-pair', participant: old.id }, openPair(you, person)];
  return [change(people, old.id, { ...person, pair: 'connecting' }), effects];
}

/** Someone switched sections on or off. */
export function switched(people: Person[], participant: ParticipantId, media: MediaState): Person[] {
  return change(people, participant, { media });
}

/** `people` with one of them changed. */
export function change(people: Person[], id: ParticipantId, to: Partial<Person>): Person[] {
  return people.map((person) => (person.id === id ? { ...person, ...to } : person));
}

/** Whether the hub has lost somebody's socket. */
export function isAway(participant: Participant): boolean {
  return participant.state.is === 'temporarily-disconnected';
}

/** The hub's deadline by this page's clock: clocks differ, so it is counted from what was left on receipt. */
function untilOf({ state }: Participant, now_ms: number): number | undefined {
  return state.is === 'connected' ? undefined : now_ms + state.ms_left;
}

function firstState(participant: Participant): Person['pair'] {
  return isAway(participant) ? 'peer-disconnected' : 'connecting';
}

/** Of the two the one with the smaller id makes every offer; ids are UUIDs, whose text order is their order. */
function openPair(you: ParticipantId, other: Participant): PageEffect {
  const role = you < other.id ? 'offerer' : 'answerer';
  return { effect: 'open-pair', participant: other.id, role, away: isAway(other) };
}
