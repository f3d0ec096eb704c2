/** Where each tile goes. Pure; the style sheet gives each place its size. */

/** A tile: somebody's camera, or what somebody shares. */
export interface TileInfo {
  key: string;
  self: boolean;
  screen: boolean;
}

export type Place = 'grid' | 'corner' | 'stage' | 'strip';

export interface Arrangement {
  /** On a stage one tile is large and the others stand in a strip; in a grid all are alike. */
  layout: 'grid' | 'stage';
  /** Cells of the grid, or tiles of the strip. */
  count: number;
  placeOf: (key: string) => Place;
}

/** A pinned tile has the stage, else the screen that came last. */
export function arrange(tiles: readonly TileInfo[], pinned: string | undefined): Arrangement {
  const staged = tiles.find(({ key }) => key === pinned) ?? tiles.findLast(({ screen }) => screen);
  if (staged) {
    return {
      layout: 'stage',
      count: tiles.length - 1,
      placeOf: (key) => (key === staged.key ? 'stage' : 'strip'),
    };
  }
  const self = selfInCorner(tiles.length) ? tiles.find((tile) => tile.self) : undefined;
  return {
    layout: 'grid',
    count: tiles.length - (self ? 1 : 0),
    placeOf: (key) => (key === self?.key ? 'corner' : 'grid'),
  };
}

/** An even number fills a grid; of an odd one, and beside one other person, one's own picture takes a corner. */
function selfInCorner(tiles: number): boolean {
  return tiles === 2 || (tiles > 1 && tiles % 2 === 1);
}

/** The tile that the pin goes to next: each in turn, then none. */
export function nextPin(tiles: readonly TileInfo[], pinned: string | undefined): string | undefined {
  if (pinned === undefined) return tiles[0]?.key;
  const at = tiles.findIndex(({ key }) => key === pinned);
  return at < 0 ? tiles[0]?.key : tiles[at + 1]?.key;
}
