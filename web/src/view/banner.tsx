/** Says that the hub cannot be reached, until when it is waited for, and offers to try at once. It stops nothing. */
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { useNow_ms } from './clock.ts';
import { countdownWords, linkWords } from './words.ts';

/** A wait that is shorter is over before it is read. */
const SHOWN_WAIT_MS = 1_500;

export function LinkBanner({ app, state }: { app: App; state: State }) {
  const { phase, not_before_ms } = state.link;
  const waits = phase.is === 'waiting';
  const now = useNow_ms(waits);
  const words = linkWords(state);
  if (words === undefined) return null;
  const left_ms = waits ? phase.retry_at_ms - now : 0;
  return (
    <p class="note link-banner" data-testid="link-banner">
      <span>{words}</span>{' '}
      {left_ms > SHOWN_WAIT_MS && (
        <span class="countdown" aria-hidden="true" data-testid="retry-in">
          {t('link.retry-in', { time: countdownWords(left_ms) })}
        </span>
      )}{' '}
      {waits && now >= not_before_ms && (
        <button
          type="button"
          class="text"
          data-testid="reconnect-now"
          onClick={() => app.dispatch({ event: 'reconnect-now' })}
        >
          {t('link.reconnect-now')}
        </button>
      )}
    </p>
  );
}
