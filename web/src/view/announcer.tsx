/** Says comings and goings to those who cannot see them. */
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Person } from '../call/state.ts';
import { t } from '../i18n/index.ts';
import { newsOf } from './news.ts';

/** Lines kept; a reader has said the older ones. */
const LINES_MAX = 6;

export function Announcer({ people, you }: { people: Person[]; you: string }) {
  const before = useRef(people);
  const lines = useSignal<{ id: number; words: string }[]>([]);
  const next = useRef(0);
  useEffect(() => {
    const news = newsOf(before.current, people, you);
    before.current = people;
    if (news.length === 0) return;
    const fresh = news.map(({ what, name }) => ({ id: next.current++, words: t(`call.${what}`, { name }) }));
    lines.value = [...lines.value, ...fresh].slice(-LINES_MAX);
  }, [people]);
  return (
    <div class="sr-only" role="log" aria-live="polite" data-testid="news">
      {lines.value.map(({ id, words }) => (
        <p key={id}>{words}</p>
      ))}
    </div>
  );
}
