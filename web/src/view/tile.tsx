/** One participant: picture or initials, name, and how the connection to them stands. */
import type { ComponentChildren } from 'preact';
import type { PairState } from '../call/recovery.ts';
import type { Person } from '../call/state.ts';
import { t } from '../i18n/index.ts';
import { HandIcon, MicIcon, PinIcon } from './icons.tsx';
import type { Place } from './layout.ts';
import { Picture } from './stream.tsx';

/** How many colours the style sheet has for faces without a picture. */
const COLOURS = 6;

/** What every tile has, whatever it shows: a place, a name and a pin. */
export interface FrameProps {
  place: Place;
  pinned: boolean;
  /** Not where there is nothing beside it. */
  pinnable: boolean;
  onPin: () => void;
}

interface TileProps extends FrameProps {
  person: Person;
  self: boolean;
  state: PairState;
  camera: MediaStream | undefined;
  hand: boolean;
  speaking: boolean;
  /** More marks beside the name, and what only some tiles have. */
  marks?: ComponentChildren;
  children?: ComponentChildren;
}

export function Tile(props: TileProps) {
  const { person, self, state, camera, place, hand, speaking, marks, children } = props;
  const { id, name, media } = person;
  const away = person.state.is === 'temporarily-disconnected';
  const words = self ? undefined : (stateWords(state) ?? (away ? t('tile.away') : undefined));
  const dimmed = !self && state !== 'connected';
  const look = [media.camera && 'with-picture', dimmed && 'dimmed', speaking && 'speaking'];
  return (
    <li
      class={`tile ${look.filter(Boolean).join(' ')}`}
      data-testid="tile"
      data-participant={id}
      data-state={state}
      data-place={place}
      {...(self && { 'data-self': '' })}
      aria-label={self ? t('tile.you', { name }) : name}
    >
      <Picture stream={camera} mirrored={self} />
      {!media.camera && (
        <span class={`face colour-${colourOf(id)}`} aria-hidden="true">
          {initials(name)}
        </span>
      )}
      {words !== undefined && (
        <span class="tile-state" title={words}>
          <span class="tile-state-words">{words}</span>
        </span>
      )}
      {hand && (
        <span class="hand" role="img" aria-label={t('hand.up')}>
          <HandIcon />
        </span>
      )}
      <span class="tile-name">
        {!media.audio && (
          <span class="muted" role="img" aria-label={t('tile.muted')}>
            <MicIcon off />
          </span>
        )}
        {marks}
        <bdi class="tile-words">{shownName(name, self, place)}</bdi>
      </span>
      <PinButton {...props} name={name} />
      {children}
    </li>
  );
}

/** Gives the tile the stage, or takes it back. */
export function PinButton({ name, pinned, pinnable, onPin }: FrameProps & { name: string }) {
  if (!pinnable) return null;
  const label = pinned ? t('tile.unpin', { name }) : t('tile.pin', { name });
  return (
    <button
      type="button"
      class={`tile-button pin ${pinned ? 'on' : ''}`}
      data-testid="pin"
      aria-label={label}
      title={label}
      onClick={onPin}
    >
      <PinIcon />
    </button>
  );
}

/** Small tiles have no room for one's own name, which one knows. */
function shownName(name: string, self: boolean, place: Place): string {
  if (!self) return name;
  return place === 'corner' || place === 'strip' ? t('tile.you-short') : t('tile.you', { name });
}

function stateWords(state: PairState): string | undefined {
  return state === 'connected' ? undefined : t(`tile.${state}`);
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
