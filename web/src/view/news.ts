/** What changed among the people of a call, for those who hear the page rather than see it. Pure. */
import type { Person } from '../call/state.ts';

export interface News {
  what: 'joined' | 'left' | 'lost' | 'back';
  name: string;
}

/** The others' comings and goings between two rosters. */
export function newsOf(before: readonly Person[], after: readonly Person[], you: string): News[] {
  const known = new Map(before.map((person) => [person.id, person]));
  const news: News[] = [];
  for (const person of after) {
    const old = known.get(person.id);
    known.delete(person.id);
    if (person.id === you) continue;
    if (!old) news.push({ what: 'joined', name: person.name });
    else if (isLost(person) && !isLost(old)) news.push({ what: 'lost', name: person.name });
    else if (isLost(old) && !isLost(person)) news.push({ what: 'back', name: person.name });
  }
  for (const gone of known.values()) if (gone.id !== you) news.push({ what: 'left', name: gone.name });
  return news;
}

/** Not to be seen or heard: what a tile is dimmed for. */
function isLost({ pair }: Person): boolean {
  return pair === 'reconnecting' || pair === 'peer-disconnected';
}
