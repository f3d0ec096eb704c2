/**
 * Every state of the page on a wide screen and on phones, light and dark: nothing sticks out sideways. The pictures
 * are left in `tests/artifacts/` for people to look at; the one in the README is `call-1280x800-dark.png`.
 */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';

const FOLDER = fileURLToPath(new URL('../artifacts/', import.meta.url));
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 360, height: 640 },
];

let hub: Hub;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  [hub, browser] = await Promise.all([Hub.start(), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

/** Takes the picture in each size and scheme. */
async function pictures(person: Person, state: string): Promise<void> {
  for (const size of SIZES) {
    await person.tab.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await person.tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const name = `${state}-${size.width}x${size.height}-${colorScheme}`;
      await person.tab.screenshot({ path: `${FOLDER}${name}.png` });
      const wide = await person.tab.evaluate(() => document.documentElement.scrollWidth);
      expect(wide, name).toBeLessThanOrEqual(size.width);
    }
  }
}

test('landing, and before joining', async () => {
  const ada = await Person.open(browser, hub.origin);
  await ada.tab.getByTestId('start-room').waitFor();
  await pictures(ada, 'landing');
  await ada.click('start-room');
  await ada.tab.getByTestId('name').fill('Ada');
  await ada.until('the preview', () => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await pictures(ada, 'lobby');
  await ada.click('join');
  await ada.until('the call', () => document.querySelector('[data-testid=tile]') !== null);
  await pictures(ada, 'alone');
  expect(ada.errors).toEqual([]);
  await ada.close();
});

test('in a call, after it, and refused', async () => {
  const url = `${hub.origin}/r/team-sync`;
  const ada = await Person.join(browser, url, 'Ada Lovelace');
  const grace = await Person.join(browser, url, 'Grace Hopper');
  const bots = [new Bot(url, 'Test pattern', '--video', 'test', '--audio', 'tone')];
  await ada.sees(['Grace Hopper', 'Test pattern']);
  await ada.seesAndHears(2);
  await grace.click('mic');
  await pictures(ada, 'call');
  bots.push(...[1, 2, 3].map((n) => new Bot(url, `Listener ${n}`, '--video', 'none', '--audio', 'none')));
  await ada.sees(['Grace Hopper', 'Test pattern', 'Listener 1', 'Listener 2', 'Listener 3']);
  await pictures(ada, 'six');
  const late = await Person.open(browser, `${url}?name=Late&autojoin=1`);
  await late.until('the refusal', () => document.querySelector('[data-state=refused]') !== null);
  await pictures(late, 'refused');
  await ada.click('leave');
  await ada.tab.getByTestId('rejoin').waitFor();
  await pictures(ada, 'left');
  for (const bot of bots) bot.program.kill();
  await Promise.all([ada, grace, late].map((person) => person.close()));
});
