/** Before the call: one's own picture, name and devices. */
import type { TargetedSubmitEvent } from 'preact';
import { NAME_CHARS_MAX } from '../protocol/wire.ts';
import { displayName } from '../call/names.ts';
import { targetOf, type DeviceKind, type State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { LinkBanner } from './banner.tsx';
import { DeviceChoice, DeviceSwitch, SpeakerChoice } from './controls.tsx';
import { Mark, MicIcon } from './icons.tsx';
import { LanguageChoice } from './language.tsx';
import { Picture } from './stream.tsx';
import { deviceTrouble, nameOf } from './words.ts';

/** Steps of the level meter. */
const LEVEL_STEPS = 14;

export function Lobby({ app, state }: { app: App; state: State }) {
  const { page } = state;
  if (page.at !== 'lobby' && page.at !== 'joining') return null;
  return (
    <main class="lobby">
      <header class="brand">
        <button
          type="button"
          class="plain brand-home"
          aria-label={t('lobby.back')}
          title={t('lobby.back')}
          onClick={() => app.dispatch({ event: 'go-home' })}
        >
          <Mark /> Holdfast
        </button>
        <LanguageChoice small />
      </header>
      <div class="lobby-columns">
        <Preview app={app} state={state} />
        <JoinForm
          app={app}
          state={state}
          room={nameOf(targetOf(page))}
          joining={page.at === 'joining' || page.autojoin}
        />
        <div class="pickers">
          <DeviceChoice kind="camera" state={state} dispatch={app.dispatch} />
          <DeviceChoice kind="mic" state={state} dispatch={app.dispatch} />
          <SpeakerChoice state={state} dispatch={app.dispatch} />
        </div>
      </div>
    </main>
  );
}

interface JoinFormProps {
  app: App;
  state: State;
  room: string;
  joining: boolean;
}

function JoinForm({ app, state, room, joining }: JoinFormProps) {
  const { devices } = state;
  const nameOk = displayName(state.name) !== undefined;
  const nameBad = state.name.trim() !== '' && !nameOk;
  const without = devices.mic.is === 'unavailable' && devices.camera.is === 'unavailable';
  const join = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    app.dispatch({ event: 'join' });
  };
  return (
    <form class="card" onSubmit={join}>
      <div>
        <h1 tabIndex={-1}>{t('lobby.title')}</h1>
        <p class="soft room-name">{room}</p>
      </div>
      <label class="field">
        <span>{t('lobby.name')}</span>
        <input
          data-testid="name"
          value={state.name}
          maxLength={NAME_CHARS_MAX}
          autoComplete="name"
          disabled={joining}
          aria-invalid={nameBad}
          {...(nameBad && { 'aria-describedby': 'name-problem' })}
          onInput={({ currentTarget }) => app.dispatch({ event: 'name-changed', name: currentTarget.value })}
        />
      </label>
      {nameBad && (
        <p class="problem" id="name-problem" role="alert">
          {t('lobby.bad-name')}
        </p>
      )}
      <button type="submit" class="button primary wide" data-testid="join" disabled={joining || !nameOk}>
        {t(joining ? 'lobby.joining' : without ? 'lobby.join-without' : 'lobby.join')}
      </button>
      {joining && (
        <div class="stack">
          <div aria-live="polite">
            <LinkBanner app={app} state={state} />
          </div>
          <p class="soft" role="status" data-testid="status" data-state="connecting">
            {t('lobby.connecting')}{' '}
            <button
              type="button"
              class="text"
              data-testid="leave"
              onClick={() => app.dispatch({ event: 'leave' })}
            >
              {t('lobby.cancel')}
            </button>
          </p>
        </div>
      )}
    </form>
  );
}

function Preview({ app, state }: { app: App; state: State }) {
  const { devices } = state;
  const waiting = devices.camera.is === 'opening' || devices.mic.is === 'opening';
  return (
    <section class="preview" aria-label={t('lobby.picture')}>
      <div class={`frame ${devices.camera.is === 'on' ? '' : 'dark'}`}>
        <Picture stream={app.preview.value} mirrored />
        {devices.camera.is !== 'on' && (
          <p class="frame-note">{t(waiting ? 'lobby.waiting' : 'lobby.camera-off')}</p>
        )}
        <div class="frame-bar">
          <DeviceSwitch kind="mic" state={state} dispatch={app.dispatch} />
          <DeviceSwitch kind="camera" state={state} dispatch={app.dispatch} />
        </div>
      </div>
      {devices.mic.is === 'on' && <LevelMeter app={app} />}
      <Trouble app={app} state={state} />
    </section>
  );
}

/** Shows that the microphone hears something. */
function LevelMeter({ app }: { app: App }) {
  const level = app.level.value;
  const percent = Math.round(level * 100);
  return (
    <div class="level" data-testid="level">
      <MicIcon off={false} />
      <div
        class="level-steps"
        role="meter"
        aria-label={t('lobby.level')}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
      >
        {Array.from({ length: LEVEL_STEPS }, (_, step) => (
          <span key={step} class={step < level * LEVEL_STEPS ? 'lit' : ''} />
        ))}
      </div>
    </div>
  );
}

/** What keeps devices from working, and the way to ask again; nothing of it keeps one from joining. */
function Trouble({ app, state }: { app: App; state: State }) {
  const words = deviceTrouble(state);
  const broken = (['mic', 'camera'] as const).filter((kind) => retryHelps(state, kind));
  if (words.length === 0) return null;
  return (
    <div class="notice" role="alert" data-testid="trouble">
      {words.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      <p>{t('lobby.can-join')}</p>
      {broken.length > 0 && (
        <button
          type="button"
          class="button small"
          data-testid="retry-devices"
          onClick={() => broken.forEach((kind) => app.dispatch({ event: 'toggle', kind }))}
        >
          {t('lobby.retry')}
        </button>
      )}
    </div>
  );
}

function retryHelps({ devices }: State, kind: DeviceKind): boolean {
  const device = devices[kind];
  return device.is === 'unavailable' && device.problem !== 'insecure-page';
}
