/** Who is speaking does not flicker. */
import { expect, test } from 'vitest';
import { hear, SILENT } from './speaking.ts';

/** Whether each of the levels, one every 200 ms, leaves the voice speaking. */
function heard(...levels: number[]): boolean[] {
  let voice = SILENT;
  return levels.map((level, index) => {
    voice = hear(voice, 200 * index, level);
    return voice.speaking;
  });
}

test('speech is seen at once and goes on through pauses between words', () => {
  expect(heard(0, 0.1, 0, 0, 0.1, 0, 0, 0, 0)).toEqual([
    false,
    true,
    true,
    true,
    true,
    true,
    true,
    true,
    false,
  ]);
});

test('a level between the two neither starts nor ends it', () => {
  expect(heard(0.015, 0.015)).toEqual([false, false]);
  expect(heard(0.03, 0.015, 0.015, 0.015, 0.015, 0.015, 0.015)).toEqual(Array(7).fill(true));
});
