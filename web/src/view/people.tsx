/** Beside the first page: being reachable under a name, who is online, and the calls that are over. */
import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import { displayName } from '../call/names.ts';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { askToNotify, notificationState } from '../effects/ring.ts';
import { t } from '../i18n/index.ts';
import { NAME_CHARS_MAX, type DirectoryEntry } from '../protocol/wire.ts';
import { LinkBanner } from './banner.tsx';
import { Calls } from './calls.tsx';
import { Face } from './face.tsx';
import { PhoneIcon } from './icons.tsx';

export function People({ app, state }: { app: App; state: State }) {
  return (
    <section class="card people" data-testid="people" aria-labelledby="people-title">
      <h2 id="people-title">{t('people.title')}</h2>
      <Reachable app={app} state={state} />
      {state.directory.open && <Directory app={app} state={state} />}
      <Calls app={app} state={state} />
    </section>
  );
}

/** The name that others see; with one the page is in touch with the hub. */
function Reachable({ app, state }: { app: App; state: State }) {
  const typing = useSignal(state.link.phase.is === 'off');
  const nameOk = displayName(state.name) !== undefined;
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (!nameOk) return;
    typing.value = false;
    app.dispatch({ event: 'name-settled' });
  };
  if (!typing.value) {
    const up = state.link.phase.is === 'up';
    return (
      <div class="stack">
        <p class="reachable" data-testid="presence" data-state={up ? 'online' : 'offline'}>
          <span class="dot" aria-hidden="true" />
          <bdi class="grow">
            {up ? t('people.online-as', { name: state.link.name }) : t('people.offline')}
          </bdi>
          <button type="button" class="text" data-testid="rename" onClick={() => (typing.value = true)}>
            {t('people.rename')}
          </button>
        </p>
        <div aria-live="polite">
          <LinkBanner app={app} state={state} />
        </div>
        <Notify />
      </div>
    );
  }
  return (
    <form class="stack" onSubmit={submit}>
      <div class="row">
        <label class="field grow">
          <span>{t('people.name')}</span>
          <input
            data-testid="landing-name"
            value={state.name}
            maxLength={NAME_CHARS_MAX}
            autoComplete="name"
            onInput={({ currentTarget }) =>
              app.dispatch({ event: 'name-changed', name: currentTarget.value })
            }
          />
        </label>
        <button type="submit" class="button" data-testid="go-online" disabled={!nameOk}>
          {t('people.go-online')}
        </button>
      </div>
      <p class="soft small">{t('people.name-why')}</p>
    </form>
  );
}

/** Asked for here and on a click, never when the page loads. */
function Notify() {
  const state = useSignal(notificationState());
  if (state.value === 'impossible' || state.value === 'allowed') return null;
  if (state.value === 'denied') return <p class="soft small">{t('people.notify-denied')}</p>;
  const ask = async () => {
    state.value = await askToNotify();
  };
  return (
    <label class="check small">
      <input type="checkbox" data-testid="notify" checked={false} onChange={() => void ask()} />
      <span>{t('people.notify')}</span>
    </label>
  );
}

function Directory({ app, state }: { app: App; state: State }) {
  const { query, users, more } = state.directory;
  return (
    <div class="stack">
      <label class="field">
        <span>{t('people.search')}</span>
        <input
          type="search"
          data-testid="directory-search"
          value={query}
          autoComplete="off"
          maxLength={NAME_CHARS_MAX}
          onInput={({ currentTarget }) =>
            app.dispatch({ event: 'directory-search', query: currentTarget.value })
          }
        />
      </label>
      {users.length === 0 && (
        <p class="soft small" role="status">
          {t(query.trim() === '' ? 'people.nobody' : 'people.not-found')}
        </p>
      )}
      <ul class="rows" data-testid="directory">
        {users.map((entry) => (
          <Row key={entry.user} app={app} entry={entry} known={state.link.phase.is === 'up'} />
        ))}
      </ul>
      {more && <p class="soft small">{t('people.more')}</p>}
    </div>
  );
}

interface RowProps {
  app: App;
  entry: DirectoryEntry;
  /** Whether what they do is known now: without the hub it is not. */
  known: boolean;
}

function Row({ app, entry: { user, name, presence }, known }: RowProps) {
  const label = t('people.call', { name });
  return (
    <li class="row-item" data-testid="person" data-user={user} data-presence={presence}>
      <Face id={user} name={name} />
      <span class="who">
        <bdi>{name}</bdi>
        {known && (
          <span class="soft small">
            <span class={`dot ${presence}`} aria-hidden="true" /> {t(`presence.${presence}`)}
          </span>
        )}
      </span>
      <button
        type="button"
        class="round small-call"
        data-testid="call-person"
        aria-label={label}
        title={label}
        disabled={presence === 'offline'}
        onClick={() => app.dispatch({ event: 'call-user', user, name })}
      >
        <PhoneIcon />
      </button>
    </li>
  );
}
