/** Asks whether to come back to a call that an earlier page was in, or that another tab is in now. */
import type { Page, State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { LinkBanner } from './banner.tsx';
import { useNow_ms } from './clock.ts';
import { Face } from './face.tsx';
import { Mark } from './icons.tsx';
import { countdownWords, nameOf } from './words.ts';

export function Return({ app, state }: { app: App; state: State }) {
  const { page } = state;
  if (page.at !== 'rejoin' && page.at !== 'elsewhere') return null;
  const { target } = page.stored;
  const name = nameOf(target);
  return (
    <main class="landing">
      <div class="card return" data-testid={page.at === 'rejoin' ? 'rejoin-prompt' : 'elsewhere-prompt'}>
        <p class="brand">
          <Mark /> Holdfast
        </p>
        <div class="with">
          <Face id={target.is === 'room' ? target.room : target.user} name={name.replaceAll('-', ' ')} />
          <div>
            <h1 tabIndex={-1}>{t(page.at === 'rejoin' ? 'return.title' : 'elsewhere.title')}</h1>
            <p class="room-name" data-testid="with">
              {t(target.is === 'room' ? 'return.room' : 'return.with', { room: name, name })}
            </p>
          </div>
        </div>
        {page.at === 'rejoin' ? (
          <Ask app={app} state={state} page={page} />
        ) : (
          <Elsewhere app={app} page={page} />
        )}
      </div>
    </main>
  );
}

function Ask({ app, state, page }: { app: App; state: State; page: Page & { at: 'rejoin' } }) {
  const now = useNow_ms(true);
  const until_ms = page.place?.until_ms;
  // At 0 it stays until the hub says what became of the place.
  const left_ms = until_ms === undefined ? undefined : until_ms - now;
  return (
    <>
      <p class="soft" role="timer" data-testid="rejoin-countdown">
        {left_ms === undefined ? t('return.waiting') : t('return.left', { time: countdownWords(left_ms) })}
      </p>
      <div class="stack" aria-live="polite">
        <LinkBanner app={app} state={state} />
      </div>
      <div class="stack">
        <button
          type="button"
          class="button primary wide"
          data-testid="rejoin"
          onClick={() => app.dispatch({ event: 'rejoin' })}
        >
          {t('return.rejoin')}
        </button>
        <button
          type="button"
          class="button wide"
          data-testid="decline-rejoin"
          onClick={() => app.dispatch({ event: 'decline-rejoin' })}
        >
          {t('return.decline')}
        </button>
      </div>
    </>
  );
}

function Elsewhere({ app, page }: { app: App; page: Page & { at: 'elsewhere' } }) {
  return (
    <>
      <p class="soft">{t('elsewhere.about')}</p>
      <div class="stack">
        <button
          type="button"
          class="button primary wide"
          data-testid="move-here"
          onClick={() => app.dispatch({ event: 'move-here' })}
        >
          {t('elsewhere.move')}
        </button>
        {page.stored.target.is === 'room' && (
          <button
            type="button"
            class="button wide"
            data-testid="join-too"
            onClick={() => app.dispatch({ event: 'join-too' })}
          >
            {t('elsewhere.too')}
          </button>
        )}
        <button
          type="button"
          class="button wide"
          data-testid="not-here"
          onClick={() => app.dispatch({ event: 'not-here' })}
        >
          {t('elsewhere.not')}
        </button>
      </div>
    </>
  );
}
