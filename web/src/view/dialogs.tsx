/** The windows of a call that are loaded when they are opened: the QR code, the shortcuts, the devices. */
import { useSignal } from '@preact/signals';
import { encode } from 'uqr';
import type { State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { keysWanted, setKeysWanted } from '../effects/storage.ts';
import { t } from '../i18n/index.ts';
import { DeviceChoice, SpeakerChoice } from './controls.tsx';
import { Dialog } from './dialog.tsx';
import { KEYS, type KeyAction } from './keys.ts';
import { LanguageChoice } from './language.tsx';
import { roomUrl } from './link.tsx';
import { EndAll, Roster } from './roster.tsx';
import { deviceTrouble } from './words.ts';

export type DialogName = 'qr' | 'shortcuts' | 'devices' | 'roster' | 'end-all';

interface Props {
  which: DialogName;
  app: App;
  state: State;
  onClose: () => void;
}

export function CallDialog({ which, app, state, onClose }: Props) {
  if (state.page.at !== 'call') return null;
  switch (which) {
    case 'qr':
      return state.page.target.is === 'room' ? (
        <QrCode url={roomUrl(state.page.target.room)} onClose={onClose} />
      ) : null;
    case 'shortcuts':
      return <Shortcuts onClose={onClose} />;
    case 'devices':
      return <DevicesDialog app={app} state={state} onClose={onClose} />;
    case 'roster':
      return <Roster app={app} page={state.page} onClose={onClose} />;
    case 'end-all':
      return <EndAll app={app} onClose={onClose} />;
  }
}

function QrCode({ url, onClose }: { url: string; onClose: () => void }) {
  const { data, size } = encode(url, { ecc: 'M', border: 3 });
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <Dialog title={t('call.qr')} name="qr" onClose={onClose}>
      <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t('call.qr')}>
        <path d={path} />
      </svg>
      <p class="soft">{t('call.qr-about')}</p>
      <p class="room-name">{url}</p>
    </Dialog>
  );
}

function Shortcuts({ onClose }: { onClose: () => void }) {
  const wanted = useSignal(keysWanted());
  const set = (on: boolean) => {
    wanted.value = on;
    setKeysWanted(on);
  };
  return (
    <Dialog title={t('call.shortcuts')} name="shortcuts" onClose={onClose}>
      <dl class={`keys ${wanted.value ? '' : 'unused'}`}>
        {(Object.keys(KEYS) as KeyAction[]).map((action) => (
          <div key={action}>
            <dt>{t(`key.${action}`)}</dt>
            <dd>
              {KEYS[action].shift && <kbd>{t('key.shift')}</kbd>}
              <kbd>{KEYS[action].letter.toUpperCase()}</kbd>
            </dd>
          </div>
        ))}
        <div>
          <dt>{t('key.escape')}</dt>
          <dd>
            <kbd>{t('key.esc')}</kbd>
          </dd>
        </div>
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={wanted.value}
          onChange={({ currentTarget }) => set(currentTarget.checked)}
        />
        <span>{t('key.wanted')}</span>
      </label>
    </Dialog>
  );
}

function DevicesDialog({ app, state, onClose }: { app: App; state: State; onClose: () => void }) {
  return (
    <Dialog title={t('call.settings')} name="devices" onClose={onClose}>
      <div class="stack">
        {deviceTrouble(state).map((words) => (
          <p key={words} class="notice">
            {words}
          </p>
        ))}
        <DeviceChoice kind="camera" state={state} dispatch={app.dispatch} />
        <DeviceChoice kind="mic" state={state} dispatch={app.dispatch} />
        <SpeakerChoice state={state} dispatch={app.dispatch} />
        <LanguageChoice />
      </div>
    </Dialog>
  );
}
