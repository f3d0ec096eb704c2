/** The call that rings here: who it is, for how long yet, and the answers. It closes when it no longer rings. */
import { useEffect, useId, useRef } from 'preact/hooks';
import type { State } from '../call/state.ts';
import type { Ring } from '../call/ringing.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { LinkBanner } from './banner.tsx';
import { useNow_ms } from './clock.ts';
import { Face } from './face.tsx';
import { countdownWords } from './words.ts';

export function Incoming({ app, state }: { app: App; state: State }) {
  const [ring] = state.rings;
  if (!ring) return null;
  const busy = state.page.at === 'call' || state.page.at === 'calling' || state.page.at === 'joining';
  return <Ringing key={ring.call} app={app} state={state} ring={ring} busy={busy} />;
}

interface RingingProps {
  app: App;
  state: State;
  ring: Ring;
  /** Whether there is a call that accepting this one would end. */
  busy: boolean;
}

function Ringing({ app, state, ring, busy }: RingingProps) {
  const element = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const now = useNow_ms(true);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    // On the words, not on a button: what is being typed when it rings answers nothing.
    dialog?.querySelector<HTMLElement>('h2')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  const { call, from } = ring;
  const accept = (camera: boolean) => app.dispatch({ event: 'accept', call, camera });
  const left_ms = ring.until_ms - now;
  return (
    <dialog
      ref={element}
      class="dialog incoming"
      data-testid="incoming"
      data-user={from.user}
      aria-labelledby={titleId}
      // Esc closes other windows; here it would decline by accident.
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => event.key === 'Escape' && event.preventDefault()}
    >
      <div class="dialog-body">
        <Face id={from.user} name={from.name} />
        <h2 id={titleId} tabIndex={-1}>
          {t('ring.title', { name: from.name })}
        </h2>
        <p class="soft" role="timer" data-testid="ring-countdown">
          {left_ms > 0 ? t('ring.left', { time: countdownWords(left_ms) }) : t('ring.about')}
        </p>
        <div class="stack" aria-live="polite">
          <LinkBanner app={app} state={state} />
        </div>
        <div class="answers">
          <button type="button" class="button primary" data-testid="accept" onClick={() => accept(true)}>
            {t(busy ? 'ring.accept-ending' : 'ring.accept')}
          </button>
          <button
            type="button"
            class="button"
            data-testid="accept-without-camera"
            onClick={() => accept(false)}
          >
            {t('ring.accept-without')}
          </button>
          <button
            type="button"
            class="button danger"
            data-testid="decline"
            onClick={() => app.dispatch({ event: 'decline', call })}
          >
            {t('ring.decline')}
          </button>
        </div>
      </div>
    </dialog>
  );
}
