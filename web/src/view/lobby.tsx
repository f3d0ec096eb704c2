/** Before the call: one's own picture, name and devices. */
import type { TargetedSubmitEvent } from 'preact';
import { NAME_CHARS_MAX } from '../protocol/wire.ts';
import { displayName } from '../call/names.ts';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { DeviceChoice, DeviceSwitch } from './controls.tsx';
import { Mark } from './icons.tsx';
import { Picture } from './stream.tsx';
import { deviceTrouble, linkWords } from './words.ts';

export function Lobby({ app, state }: { app: App; state: State }) {
  const { page, devices } = state;
  if (page.at !== 'lobby' && page.at !== 'joining') return null;
  const joining = page.at === 'joining' || page.autojoin;
  const nameOk = displayName(state.name) !== undefined;
  const join = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    app.dispatch({ event: 'join' });
  };
  const without = devices.mic.is === 'unavailable' && devices.camera.is === 'unavailable';
  return (
    <main class="lobby">
      <p class="brand">
        <button
          type="button"
          class="plain"
          aria-label="Back to the start"
          onClick={() => app.dispatch({ event: 'go-home' })}
        >
          <Mark /> Holdfast
        </button>
      </p>
      <div class="lobby-columns">
        <Preview app={app} state={state} />
        <form class="card" onSubmit={join}>
          <h1>Ready to join?</h1>
          <p class="soft room-name">{page.room}</p>
          <label class="field">
            <span>Your name</span>
            <input
              data-testid="name"
              value={state.name}
              maxLength={NAME_CHARS_MAX}
              autoComplete="name"
              disabled={joining}
              aria-invalid={state.name.trim() !== '' && !nameOk}
              onInput={({ currentTarget }) =>
                app.dispatch({ event: 'name-changed', name: currentTarget.value })
              }
            />
          </label>
          {state.name.trim() !== '' && !nameOk && <p class="problem">This name cannot be used.</p>}
          <DeviceChoice kind="camera" state={state} dispatch={app.dispatch} />
          <DeviceChoice kind="mic" state={state} dispatch={app.dispatch} />
          <button type="submit" class="button primary wide" data-testid="join" disabled={joining || !nameOk}>
            {joining ? 'Joining…' : without ? 'Join without devices' : 'Join'}
          </button>
          {joining && (
            <p class="soft" role="status" data-testid="status" data-state="connecting">
              {linkWords(state) ?? 'Connecting…'}{' '}
              <button
                type="button"
                class="text"
                data-testid="leave"
                onClick={() => app.dispatch({ event: 'leave' })}
              >
                Cancel
              </button>
            </p>
          )}
        </form>
      </div>
    </main>
  );
}

function Preview({ app, state }: { app: App; state: State }) {
  const { devices } = state;
  const trouble = deviceTrouble(state);
  const waiting = devices.camera.is === 'opening' || devices.mic.is === 'opening';
  return (
    <section class="preview" aria-label="Your picture">
      <div class={`frame ${devices.camera.is === 'on' ? '' : 'dark'}`}>
        <Picture stream={app.preview.value} mirrored />
        {devices.camera.is !== 'on' && (
          <p class="frame-note">{waiting ? 'Waiting for camera and microphone…' : 'Your camera is off'}</p>
        )}
        <div class="frame-bar">
          <DeviceSwitch kind="mic" state={state} dispatch={app.dispatch} />
          <DeviceSwitch kind="camera" state={state} dispatch={app.dispatch} />
        </div>
      </div>
      {trouble.map((words) => (
        <p key={words} class="notice" role="alert">
          {words} You can join without.
        </p>
      ))}
    </section>
  );
}
