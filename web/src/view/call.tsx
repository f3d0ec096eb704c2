/** The call: a tile per participant, what there is to know about the connection, and the bar of switches. */
import { useSignal } from '@preact/signals';
import type { RoomName } from '../protocol/wire.ts';
import { statusOf, type State, type Status } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { DeviceSwitch } from './controls.tsx';
import { LeaveIcon, LinkIcon, Mark } from './icons.tsx';
import { Sound, TapToHear } from './stream.tsx';
import { Tile } from './tile.tsx';
import { deviceTrouble, linkWords } from './words.ts';

/** How long the button says that the link was copied. */
const COPIED_MS = 2_000;

const STATUS_WORDS: Partial<Record<Status, string>> = {
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
};

export function Call({ app, state }: { app: App; state: State }) {
  const { page } = state;
  if (page.at !== 'call') return null;
  const status = statusOf(state);
  const streams = app.streams();
  const linkUp = state.link.phase.is === 'up';
  const others = page.people.filter((person) => person.id !== page.you);
  const me = page.people.filter((person) => person.id === page.you);
  return (
    <main class="call">
      <header class="call-head">
        <Mark />
        <h1 class="room-name">{page.room}</h1>
        <p class="status" role="status" data-testid="status" data-state={status}>
          <span class="dot" aria-hidden="true" />
          <span class="status-words">{STATUS_WORDS[status]}</span>
        </p>
        <CopyLink room={page.room} />
      </header>
      <ul class="tiles" data-count={page.people.length}>
        {others.map((person) => (
          <Tile
            key={person.id}
            person={person}
            self={false}
            state={person.pair ?? 'connecting'}
            camera={streams.get(person.id)?.camera}
          />
        ))}
        {me.map((person) => (
          <Tile
            key={person.id}
            person={person}
            self
            state={linkUp ? 'connected' : 'reconnecting'}
            camera={app.preview.value}
          />
        ))}
      </ul>
      {others.map((person) => (
        <Sound key={person.id} stream={streams.get(person.id)?.sound} />
      ))}
      <Notes state={state} alone={others.length === 0} />
      <footer class="call-bar">
        <DeviceSwitch kind="mic" state={state} dispatch={app.dispatch} />
        <DeviceSwitch kind="camera" state={state} dispatch={app.dispatch} />
        <button
          type="button"
          class="round leave"
          data-testid="leave"
          aria-label="Leave the call"
          title="Leave the call"
          onClick={() => app.dispatch({ event: 'leave' })}
        >
          <LeaveIcon />
        </button>
      </footer>
    </main>
  );
}

/** Sentences that float over the call and stop nothing. */
function Notes({ state, alone }: { state: State; alone: boolean }) {
  const link = linkWords(state);
  return (
    <div class="notes" aria-live="polite">
      <TapToHear />
      {link !== undefined && <p class="note">{link}</p>}
      {deviceTrouble(state).map((words) => (
        <p key={words} class="note">
          {words}
        </p>
      ))}
      {alone && link === undefined && <p class="note">Nobody else is here yet. Copy the link and send it.</p>}
    </div>
  );
}

function CopyLink({ room }: { room: RoomName }) {
  const shown = useSignal<'button' | 'copied' | 'text'>('button');
  const url = `${location.origin}/r/${room}`;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(url);
      shown.value = 'copied';
      setTimeout(() => (shown.value = 'button'), COPIED_MS);
    } catch {
      // No clipboard on pages without TLS: the link to copy by hand.
      shown.value = 'text';
    }
  };
  if (shown.value === 'text') {
    return (
      <input
        class="link-text"
        readOnly
        value={url}
        aria-label="Link"
        onFocus={(e) => e.currentTarget.select()}
      />
    );
  }
  return (
    <button type="button" class="button small" data-testid="copy-link" onClick={() => void copy()}>
      <LinkIcon />
      <span>{shown.value === 'copied' ? 'Link copied' : 'Copy link'}</span>
    </button>
  );
}
