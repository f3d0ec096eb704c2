/** One participant: picture or initials, name, and how the connection to them stands. */
import type { PairState } from '../call/recovery.ts';
import type { Person } from '../call/state.ts';
import { MicIcon } from './icons.tsx';
import { Picture } from './stream.tsx';

/** How many colours the style sheet has for faces without a picture. */
const COLOURS = 6;

const STATE_WORDS: Record<PairState, string | undefined> = {
  connecting: 'Connecting…',
  connected: undefined,
  reconnecting: 'Reconnecting…',
  'peer-disconnected': 'Connection lost, waiting…',
};

interface TileProps {
  person: Person;
  self: boolean;
  state: PairState;
  camera: MediaStream | undefined;
}

export function Tile({ person, self, state, camera }: TileProps) {
  const { id, name, media } = person;
  const away = person.state.is === 'temporarily-disconnected';
  const words = self ? undefined : (STATE_WORDS[state] ?? (away ? 'Away from the hub' : undefined));
  const dimmed = !self && state !== 'connected';
  return (
    <li
      class={`tile ${media.camera ? 'with-picture' : ''} ${dimmed ? 'dimmed' : ''}`}
      data-testid="tile"
      data-participant={id}
      data-state={state}
      {...(self && { 'data-self': '' })}
      aria-label={self ? `${name} (you)` : name}
    >
      <Picture stream={camera} mirrored={self} />
      {!media.camera && (
        <span class={`face colour-${colourOf(id)}`} aria-hidden="true">
          {initials(name)}
        </span>
      )}
      {words !== undefined && (
        <span class="tile-state" role="status">
          {words}
        </span>
      )}
      <span class="tile-name">
        {!media.audio && (
          <span class="muted" role="img" aria-label="muted">
            <MicIcon off />
          </span>
        )}
        <bdi>{name}</bdi>
        {self && ' (you)'}
      </span>
    </li>
  );
}

/** The first letters of the first and the last word, by what a reader sees as one letter. */
function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  const segmenter = new Intl.Segmenter();
  const firsts = ends.map((word) => [...segmenter.segment(word ?? '')][0]?.segment ?? '');
  return firsts.join('').toUpperCase();
}

function colourOf(id: string): number {
  return [...id].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 65_521, 7) % COLOURS;
}
