/** After the call, or instead of it: why, how it was, and where to go from here. */
import type { Page, State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { language, t } from '../i18n/index.ts';
import { Mark } from './icons.tsx';
import { summaryWords } from './quality.tsx';
import { durationWords, endWords, refusalWords, type Words } from './words.ts';

export function Ended({ app, state }: { app: App; state: State }) {
  const { page } = state;
  if (page.at !== 'left' && page.at !== 'refused') return null;
  const { what, next } = wordsOf(page);
  return (
    <main class="landing">
      <div class="card">
        <p class="brand">
          <Mark /> Holdfast
        </p>
        <div
          class="ended"
          role="status"
          data-testid="status"
          data-state={page.at}
          data-why={page.at === 'left' ? page.why : page.refusal.code}
        >
          <h1 tabIndex={-1}>{what}</h1>
          <p class="soft">{next}</p>
        </div>
        {page.at === 'left' && page.summary && (
          <div class="summary" data-testid="summary">
            <p>{t('ended.lasted', { duration: durationWords(page.summary.duration_ms, language.value) })}</p>
            <p>{summaryWords(page.summary)}</p>
          </div>
        )}
        {page.target.is === 'room' && <p class="soft room-name">{page.target.room}</p>}
        <div class="stack">
          <button
            type="button"
            class="button primary wide"
            data-testid="rejoin"
            onClick={() => app.dispatch({ event: 'rejoin' })}
          >
            {againWords(page)}
          </button>
          <button
            type="button"
            class="button wide"
            data-testid="home"
            onClick={() => app.dispatch({ event: 'go-home' })}
          >
            {t(page.target.is === 'room' ? 'ended.new-room' : 'ended.home')}
          </button>
        </div>
      </div>
    </main>
  );
}

function wordsOf(page: Page & { at: 'left' | 'refused' }): Words {
  return page.at === 'refused' ? refusalWords(page.refusal, page.target) : endWords(page);
}

function againWords(page: Page & { at: 'left' | 'refused' }): string {
  const { at, target } = page;
  if (at === 'refused' && page.refusal.code === 'moved') return t('elsewhere.move');
  if (target.is === 'direct') return t('ended.call-again', { name: target.name });
  return t(at === 'left' ? 'ended.rejoin' : 'ended.retry');
}
