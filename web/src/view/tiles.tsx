/** Everybody's tile and every shared screen, each in its place. */
import type { ComponentChildren } from 'preact';
import type { Person, State } from '../call/state.ts';
import type { App } from '../effects/app.ts';
import { t } from '../i18n/index.ts';
import type { CallPage } from './call.tsx';
import { CornerHandle, cornerOf } from './corner.tsx';
import type { Arrangement, TileInfo } from './layout.ts';
import { QualityBars } from './quality.tsx';
import { ScreenPicture } from './screen.tsx';
import { PinButton, Tile, type FrameProps } from './tile.tsx';

/** The tiles of a call, in the order in which they stand; oneself is last. */
export function infosOf({ people, you }: CallPage): TileInfo[] {
  const others = people.filter(({ id }) => id !== you);
  const cameras = others.map(({ id }) => ({ key: id, self: false, screen: false }));
  const screens = others.filter(({ media }) => media.screen);
  return [
    ...screens.map(({ id }) => ({ key: `${id}/screen`, self: false, screen: true })),
    ...cameras,
    { key: you, self: true, screen: false },
  ];
}

interface TilesProps {
  app: App;
  state: State;
  page: CallPage;
  arranged: Arrangement;
  pinned: string | undefined;
  pin: (key: string | undefined) => void;
  /** What floats over the tiles. */
  children: ComponentChildren;
}

export function Tiles({ app, state, page, arranged, pinned, pin, children }: TilesProps) {
  const streams = app.streams();
  const speaking = app.speaking();
  const quality = app.quality();
  const flowing = app.flowing();
  const linkUp = state.link.phase.is === 'up';
  const infos = infosOf(page);
  const frame = (key: string) => ({
    place: arranged.placeOf(key),
    pinned: key === pinned,
    pinnable: infos.length > 1,
    onPin: () => pin(key === pinned ? undefined : key),
  });
  return (
    <div class="tiles-room">
      <ul
        class="tiles"
        aria-label={t('call.people')}
        data-layout={arranged.layout}
        data-count={arranged.count}
        data-corner={cornerOf()}
      >
        {infos.map(({ key, self, screen }) => {
          const person = page.people.find(({ id }) => key === id || key === `${id}/screen`);
          if (!person) return null;
          const { id } = person;
          if (screen)
            return <ScreenTile key={key} {...frame(key)} person={person} screen={streams.get(id)?.screen} />;
          return (
            <Tile
              key={key}
              {...frame(key)}
              person={person}
              self={self}
              state={self ? (linkUp ? 'connected' : 'reconnecting') : (person.pair ?? 'connecting')}
              flowing={flowing.get(id)}
              camera={self ? app.preview.value : streams.get(id)?.camera}
              hand={state.talk.hands.includes(id)}
              speaking={speaking.has(id)}
              marks={<QualityBars quality={quality.get(id)} />}
            >
              {self && arranged.placeOf(key) === 'corner' && <CornerHandle />}
            </Tile>
          );
        })}
      </ul>
      {children}
    </div>
  );
}

function ScreenTile(props: FrameProps & { person: Person; screen: MediaStream | undefined }) {
  const { person, screen, place } = props;
  const name = t('screen.of', { name: person.name });
  return (
    <li
      class="tile screen with-picture"
      data-testid="screen-tile"
      data-participant={person.id}
      data-place={place}
      aria-label={name}
    >
      <ScreenPicture person={person} screen={screen} />
      <PinButton {...props} name={name} />
    </li>
  );
}
