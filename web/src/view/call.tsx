/** The call: tiles, what there is to know about the connection, the bar of switches, and the keys that work them. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { speakerInUse } from '../call/devices.ts';
import { statusOf, type Page, type State, type Status } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { toggleFullScreen, togglePictureInPicture } from '../effects/display.ts';
import { canShareScreen } from '../effects/screen.ts';
import { keysWanted } from '../effects/storage.ts';
import { t, type Key } from '../i18n/index.ts';
import { Announcer } from './announcer.tsx';
import { Bar } from './bar.tsx';
import type { DialogName } from './dialogs.tsx';
import { Mark } from './icons.tsx';
import { actionOf, type KeyAction } from './keys.ts';
import { arrange, nextPin } from './layout.ts';
import { useLazy } from './lazy.ts';
import { CopyLink } from './link.tsx';
import { Notes } from './notes.tsx';
import { SharingNote } from './screen.tsx';
import { Sounds } from './stream.tsx';
import { infosOf, Tiles } from './tiles.tsx';
import { nameOf } from './words.ts';

const STATUS_WORDS: Partial<Record<Status, Key>> = {
  connected: 'call.connected',
  reconnecting: 'call.reconnecting',
};

export type CallPage = Page & { at: 'call' };

export function Call({ app, state }: { app: App; state: State }) {
  return state.page.at === 'call' ? <OpenCall app={app} state={state} page={state.page} /> : null;
}

function OpenCall({ app, state, page }: { app: App; state: State; page: CallPage }) {
  const pinned = useSignal<string | undefined>(undefined);
  const dialog = useSignal<DialogName | undefined>(undefined);
  const dialogs = useLazy(dialog.value !== undefined, () => import('./dialogs.tsx'));
  const chat = useLazy(state.talk.panelOpen, () => import('./chat.tsx'));
  usePreloaded();
  const speaker = speakerInUse(state.devices);
  const streams = app.streams();
  const infos = infosOf(page);
  const pin = (key: string | undefined) => (pinned.value = key);
  useKeys((action) => act(app, action, () => pin(nextPin(infosOf(page), pinned.value)), dialog));
  const others = page.people.filter((person) => person.id !== page.you);
  return (
    <main class="call">
      <Head state={state} page={page} />
      <div class="sharing" aria-live="polite">
        <SharingNote app={app} state={state} />
      </div>
      <div class="call-main">
        <Tiles
          app={app}
          state={state}
          page={page}
          arranged={arrange(infos, pinned.value)}
          pinned={pinned.value}
          pin={pin}
        >
          <Notes app={app} state={state} alone={others.length === 0 && page.target.is === 'room'} />
        </Tiles>
        {chat && state.talk.panelOpen && <chat.ChatPanel app={app} state={state} />}
      </div>
      {others.map((person) => (
        <Sounds key={person.id} streams={streams.get(person.id)} speaker={speaker} />
      ))}
      <Bar app={app} state={state} page={page} openDialog={(which) => (dialog.value = which)} />
      <Announcer people={page.people} you={page.you} />
      {dialogs && dialog.value !== undefined && (
        <dialogs.CallDialog
          which={dialog.value}
          app={app}
          state={state}
          onClose={() => (dialog.value = undefined)}
        />
      )}
    </main>
  );
}

function Head({ state, page }: { state: State; page: CallPage }) {
  const status = statusOf(state);
  const words = STATUS_WORDS[status];
  const name = nameOf(page.target);
  return (
    <header class="call-head">
      <Mark />
      <h1 class="room-name" tabIndex={-1} title={name}>
        {name}
      </h1>
      <p class="status" role="status" data-testid="status" data-state={status}>
        <span class="dot" aria-hidden="true" />
        <span class="status-words">{words && t(words)}</span>
      </p>
      {page.target.is === 'room' && <CopyLink room={page.target.room} />}
    </header>
  );
}

/** What may be opened in a call is fetched when it begins, for the hub may be away when it is wanted. */
function usePreloaded(): void {
  useEffect(() => {
    Promise.allSettled([import('./chat.tsx'), import('./dialogs.tsx')]).catch(() => undefined);
  }, []);
}

/** Hands every key that means something to `act`, unless somebody is writing or a window is open. */
function useKeys(act: (action: KeyAction) => void): void {
  useEffect(() => {
    const listening = new AbortController();
    const onKey = (event: KeyboardEvent) => {
      const within = event.target instanceof Element ? event.target : document.body;
      if (within.closest('input, textarea, select, dialog') || !keysWanted()) return;
      const action = actionOf(event);
      if (!action) return;
      event.preventDefault();
      act(action);
    };
    document.addEventListener('keydown', onKey, { signal: listening.signal });
    return () => listening.abort();
  });
}

function act(
  app: App,
  action: KeyAction,
  pinNext: () => void,
  dialog: { value: DialogName | undefined },
): void {
  const { talk } = app.state.value;
  switch (action) {
    case 'mic':
    case 'camera':
      return app.dispatch({ event: 'toggle', kind: action });
    case 'screen':
      if (canShareScreen()) app.dispatch({ event: 'toggle-screen' });
      return;
    case 'chat':
      return app.dispatch({ event: 'chat-panel', open: !talk.panelOpen });
    case 'hand':
      return app.dispatch({ event: 'toggle-hand' });
    case 'full-screen':
      return toggleFullScreen();
    case 'pin':
      return pinNext();
    case 'pip':
      return togglePictureInPicture();
    case 'leave':
      return app.dispatch({ event: 'leave' });
    case 'help':
      dialog.value = 'shortcuts';
  }
}
