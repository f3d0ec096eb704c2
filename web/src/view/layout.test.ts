/** Every tile has a place, the grid has no hole, and a stage goes to the pin before the screen. */
import { expect, test } from 'vitest';
import { arrange, nextPin, type TileInfo } from './layout.ts';

const people = (count: number): TileInfo[] =>
  Array.from({ length: count }, (_, at) => ({ key: `p${at}`, self: at === count - 1, screen: false }));
const screen: TileInfo = { key: 'p0/screen', self: false, screen: true };
const places = (tiles: TileInfo[], pinned?: string) => {
  const { placeOf } = arrange(tiles, pinned);
  return tiles.map(({ key }) => placeOf(key));
};

test.each([
  [1, 1, 'grid'],
  [2, 1, 'corner'],
  [3, 2, 'corner'],
  [4, 4, 'grid'],
  [5, 4, 'corner'],
  [6, 6, 'grid'],
])('%i people: %i cells, one’s own picture in the %s', (total, count, own) => {
  const tiles = people(total);
  const arranged = arrange(tiles, undefined);
  expect(arranged).toMatchObject({ layout: 'grid', count });
  expect(arranged.placeOf(`p${total - 1}`)).toBe(own);
  expect(places(tiles).filter((place) => place === 'grid')).toHaveLength(count);
});

test('a screen has the stage, and a pin takes it', () => {
  const tiles = [...people(2), screen];
  expect(places(tiles)).toEqual(['strip', 'strip', 'stage']);
  expect(places(tiles, 'p0')).toEqual(['stage', 'strip', 'strip']);
  expect(arrange(tiles, 'p0')).toMatchObject({ layout: 'stage', count: 2 });
});

test('the pin of someone who left pins nobody', () => {
  expect(arrange(people(3), 'gone').layout).toBe('grid');
});

test('the pin goes round and comes off', () => {
  const tiles = people(2);
  expect(nextPin(tiles, undefined)).toBe('p0');
  expect(nextPin(tiles, 'p0')).toBe('p1');
  expect(nextPin(tiles, 'p1')).toBeUndefined();
  expect(nextPin(tiles, 'gone')).toBe('p0');
});
