/** Shared screens: a tile for each that others share, and a line that says that one's own is. */
import type { Person, State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { Picture } from './stream.tsx';

/** What is in the tile of a shared screen; the whole of it is shown, never a part. */
export function ScreenPicture({ person, screen }: { person: Person; screen: MediaStream | undefined }) {
  return (
    <>
      <Picture stream={screen} />
      <span class="tile-name">
        <bdi class="tile-words">{t('screen.of', { name: person.name })}</bdi>
      </span>
    </>
  );
}

/** Says that one's own screen is seen by the others, or could not be; with the way to end it. */
export function SharingNote({ app, state }: { app: App; state: State }) {
  const { screen } = state.devices;
  if (screen.is === 'failed') {
    return (
      <p class="note" data-testid="screen-note">
        {t('screen.failed')}{' '}
        <button type="button" class="text" onClick={() => app.dispatch({ event: 'screen-ended' })}>
          {t('remark.read')}
        </button>
      </p>
    );
  }
  if (screen.is !== 'on') return null;
  return (
    <p class="note" data-testid="screen-note">
      {screen.sound ? t('screen.shared-with-sound') : t('screen.shared')}{' '}
      <button type="button" class="text" onClick={() => app.dispatch({ event: 'screen-ended' })}>
        {t('screen.stop')}
      </button>
    </p>
  );
}
