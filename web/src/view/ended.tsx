/** After the call, or instead of it: why, and where to go from here. */
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { Mark } from './icons.tsx';
import { refusalWords, type Words } from './words.ts';

export function Ended({ app, state }: { app: App; state: State }) {
  const { page } = state;
  if (page.at !== 'left' && page.at !== 'refused') return null;
  const words: Words =
    page.at === 'refused'
      ? refusalWords(page.refusal)
      : { what: 'You left the call.', next: 'The room stays open for the others.' };
  return (
    <main class="landing">
      <div class="card">
        <p class="brand">
          <Mark /> Holdfast
        </p>
        <div role="status" data-testid="status" data-state={page.at}>
          <h1>{words.what}</h1>
          <p class="soft">{words.next}</p>
        </div>
        <p class="soft room-name">{page.room}</p>
        <div class="stack">
          <button
            type="button"
            class="button primary wide"
            data-testid="rejoin"
            onClick={() => app.dispatch({ event: 'rejoin' })}
          >
            {page.at === 'left' ? 'Rejoin' : 'Try again'}
          </button>
          <button
            type="button"
            class="button wide"
            data-testid="home"
            onClick={() => app.dispatch({ event: 'go-home' })}
          >
            New room
          </button>
        </div>
      </div>
    </main>
  );
}
