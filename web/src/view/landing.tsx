/** The first page: start a room, join one by its name or link, or go back to a recent one. */
import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { proquints, roomName, ROOM_RANDOM_BYTES } from '../call/names.ts';
import type { State } from '../call/state.ts';
import { randomBytes } from '../effects/ambient.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { CloseIcon, Mark } from './icons.tsx';
import { LanguageChoice } from './language.tsx';
import { useLazy } from './lazy.ts';

export function Landing({ app, state }: { app: App; state: State }) {
  const start = () => app.dispatch({ event: 'open-room', room: proquints(randomBytes(ROOM_RANDOM_BYTES)) });
  const people = useLazy(true, () => import('./people.tsx'));
  return (
    <main class="landing start">
      <div class="card">
        <p class="brand">
          <Mark /> Holdfast
          <LanguageChoice small />
        </p>
        <h1 tabIndex={-1}>{t('landing.title')}</h1>
        <p class="soft">{t('landing.about')}</p>
        <button type="button" class="button primary wide" data-testid="start-room" onClick={start}>
          {t('landing.start')}
        </button>
        <p class="or">
          <span>{t('landing.or')}</span>
        </p>
        <ByName app={app} />
        <Recent app={app} state={state} />
      </div>
      {people && <people.People app={app} state={state} />}
    </main>
  );
}

function ByName({ app }: { app: App }) {
  const text = useSignal('');
  const wrong = useSignal(false);
  const join = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const room = roomName(text.value);
    wrong.value = room === undefined;
    if (room !== undefined) app.dispatch({ event: 'open-room', room });
  };
  return (
    <form class="stack" onSubmit={join}>
      <div class="row">
        <label class="field grow">
          <span>{t('landing.room')}</span>
          <input
            data-testid="room"
            value={text.value}
            autoComplete="off"
            autoCapitalize="none"
            spellcheck={false}
            aria-invalid={wrong.value}
            aria-describedby="room-problem"
            onInput={({ currentTarget }) => {
              text.value = currentTarget.value;
              wrong.value = false;
            }}
          />
        </label>
        <button type="submit" class="button" data-testid="go" disabled={text.value.trim() === ''}>
          {t('landing.go')}
        </button>
      </div>
      <p id="room-problem" class="problem" role="alert">
        {wrong.value && t('landing.bad-room')}
      </p>
    </form>
  );
}

function Recent({ app, state }: { app: App; state: State }) {
  if (state.recent.length === 0) return null;
  return (
    <section class="recent" data-testid="recent" aria-labelledby="recent-title">
      <h2 id="recent-title">{t('landing.recent')}</h2>
      <ul>
        {state.recent.map((room) => (
          <li key={room}>
            <button
              type="button"
              class="plain recent-room room-name"
              onClick={() => app.dispatch({ event: 'open-room', room })}
            >
              {room}
            </button>
            <button
              type="button"
              class="plain small-round"
              aria-label={t('landing.forget', { room })}
              title={t('landing.forget', { room })}
              onClick={() => app.dispatch({ event: 'forget-room', room })}
            >
              <CloseIcon />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
