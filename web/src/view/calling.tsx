/** While it rings at the other end: who is called, one's own picture, and the way to give up. */
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { LinkBanner } from './banner.tsx';
import { useNow_ms } from './clock.ts';
import { DeviceSwitch } from './controls.tsx';
import { Face } from './face.tsx';
import { LeaveIcon } from './icons.tsx';
import { Picture } from './stream.tsx';
import { countdownWords } from './words.ts';

export function Calling({ app, state }: { app: App; state: State }) {
  const { page, devices } = state;
  const rings = page.at === 'calling' && page.until_ms !== undefined;
  const now = useNow_ms(rings);
  if (page.at !== 'calling') return null;
  const left_ms = page.until_ms === undefined ? 0 : page.until_ms - now;
  const words = t(rings && state.link.phase.is === 'up' ? 'calling.ringing' : 'calling.asking');
  return (
    <main class="landing calling" data-testid="calling" data-ringing={rings}>
      <div class="card">
        <div class={`caller ${rings ? 'rings' : ''}`}>
          <Face id={page.to.user} name={page.to.name} />
        </div>
        <div>
          <h1 tabIndex={-1}>{t('calling.title', { name: page.to.name })}</h1>
          <p class="soft">
            <span role="status" data-testid="status" data-state="ringing">
              {words}
            </span>{' '}
            {left_ms > 0 && (
              <span role="timer" data-testid="ring-countdown">
                {countdownWords(left_ms)}
              </span>
            )}
          </p>
        </div>
        <div class={`frame ${devices.camera.is === 'on' ? '' : 'dark'}`}>
          <Picture stream={app.preview.value} mirrored />
          {devices.camera.is !== 'on' && <p class="frame-note">{t('lobby.camera-off')}</p>}
          <div class="frame-bar">
            <DeviceSwitch kind="mic" state={state} dispatch={app.dispatch} />
            <DeviceSwitch kind="camera" state={state} dispatch={app.dispatch} />
          </div>
        </div>
        <div class="stack" aria-live="polite">
          <LinkBanner app={app} state={state} />
        </div>
        <button
          type="button"
          class="button danger wide"
          data-testid="cancel-call"
          onClick={() => app.dispatch({ event: 'leave' })}
        >
          <LeaveIcon /> {t('calling.cancel')}
        </button>
      </div>
    </main>
  );
}
