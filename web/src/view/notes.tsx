/** Sentences that float over the call and stop nothing. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import { LinkBanner } from './banner.tsx';
import { DeviceRemarks } from './remarks.tsx';
import { TapToHear } from './stream.tsx';
import { deviceTrouble, linkWords } from './words.ts';

export function Notes({ app, state, alone }: { app: App; state: State; alone: boolean }) {
  const link = linkWords(state);
  return (
    <div class="notes" aria-live="polite">
      <TapToHear />
      <LinkBanner app={app} state={state} />
      <DeviceRemarks app={app} state={state} />
      <DeviceTrouble state={state} />
      {alone && link === undefined && <p class="note">{t('call.alone')}</p>}
      <span class="sr-only">{state.talk.unread > 0 && t('chat.unread', state.talk.unread)}</span>
    </div>
  );
}

/** What is wrong with one's own devices, until it is read; another try that fails says it again. */
function DeviceTrouble({ state }: { state: State }) {
  const read = useSignal<readonly string[]>([]);
  const { mic, camera } = state.devices;
  const trying = mic.is === 'opening' || camera.is === 'opening';
  useEffect(() => {
    if (trying) read.value = [];
  }, [trying]);
  const words = deviceTrouble(state).filter((sentence) => !read.value.includes(sentence));
  return (
    <>
      {words.map((sentence) => (
        <p key={sentence} class="note" data-testid="device-trouble">
          {sentence}{' '}
          <button type="button" class="text" onClick={() => (read.value = [...read.value, sentence])}>
            {t('remark.read')}
          </button>
        </p>
      ))}
    </>
  );
}
