/** One participant: picture or initials, name, and how the connection to them stands. */
import type { ComponentChildren } from 'preact';
import type { PairState } from '../call/recovery.ts';
import type { Person } from '../call/state.ts';
import { t } from '../i18n/index.ts';
import { useNow_ms } from './clock.ts';
import { Face } from './face.tsx';
import { HandIcon, MicIcon, PinIcon } from './icons.tsx';
import type { Place } from './layout.ts';
import { Picture } from './stream.tsx';
import { countdownWords } from './words.ts';

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
  /** Whether media flows both ways, as far as it can be told. */
  flowing: boolean | undefined;
  camera: MediaStream | undefined;
  hand: boolean;
  speaking: boolean;
  /** More marks beside the name, and what only some tiles have. */
  marks?: ComponentChildren;
  children?: ComponentChildren;
}

export function Tile(props: TileProps) {
  const { person, self, state, flowing, camera, place, hand, speaking, marks, children } = props;
  const { id, user, name, media } = person;
  const away = !self && person.state.is === 'temporarily-disconnected';
  // What the connection says of itself comes late: a picture that no longer comes is not passed off as one that does.
  const dead = !self && (state !== 'connected' || (away && flowing === false));
  const words = self ? undefined : stateWords(props, dead);
  const look = [media.camera && 'with-picture', dead && 'dimmed', speaking && 'speaking'];
  return (
    <li
      class={`tile ${look.filter(Boolean).join(' ')}`}
      data-testid="tile"
      data-participant={id}
      data-state={state}
      data-place={place}
      {...(away && { 'data-away': dead ? 'waiting' : 'live' })}
      {...(self && { 'data-self': '' })}
      aria-label={self ? t('tile.you', { name }) : name}
    >
      <Picture stream={camera} mirrored={self} />
      {(!media.camera || dead) && <Face id={user} name={name} />}
      {words !== undefined && (
        <span class="tile-state" title={typeof words === 'string' ? words : undefined}>
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

function stateWords({ person, state }: TileProps, dead: boolean): ComponentChildren {
  if (person.state.is === 'connected') return state === 'connected' ? undefined : t(`tile.${state}`);
  return dead ? <Waiting name={person.name} until_ms={person.until_ms} /> : t('tile.away');
}

/** Who is away, and for how long their place is kept; a second that passes is no news to those who listen. */
function Waiting({ name, until_ms }: { name: string; until_ms: number | undefined }) {
  const now = useNow_ms(until_ms !== undefined);
  const left_ms = until_ms === undefined ? 0 : until_ms - now;
  if (left_ms <= 0) return <>{t('tile.waiting-still', { name })}</>;
  return <span data-testid="waiting">{t('tile.waiting', { name, time: countdownWords(left_ms) })}</span>;
}
