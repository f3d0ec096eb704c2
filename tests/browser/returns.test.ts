/** Coming back to a room's call in the page: after a reload, after a crash, from a second tab. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start(), launch()]);
});

afterEach(async () => {
  await Promise.all(people.splice(0).map((person) => person.close()));
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

/** Ada and Bob in a room of their own, each seeing the other. */
async function pair(room: string): Promise<{ url: string; ada: Person; bob: Person }> {
  const url = `${hub.origin}/r/${room}`;
  const ada = await Person.join(browser, url, 'Ada');
  people.push(ada);
  const bob = await Person.join(browser, url, 'Bob');
  people.push(bob);
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  return { url, ada, bob };
}

const waiting = (person: Person): Promise<void> =>
  person.until('a tile that waits', () => document.querySelector('[data-away=waiting]') !== null);

test('a reload comes back by itself, into the same place', async () => {
  const { ada, bob } = await pair('reload');
  // Without `autojoin`, which would come back as well.
  await bob.tab.evaluate(() => history.replaceState(null, '', '/r/reload'));
  await bob.tab.reload();
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await bob.seesAndHears(1);
});

test('after a crash the others see who is waited for, and the page asks: yes', async () => {
  const { url, ada, bob } = await pair('crash');
  await bob.closeTab();
  await waiting(ada);
  expect(await ada.tab.getByTestId('waiting').innerText()).toMatch(/^Bob disconnected – waiting \(/);
  const again = await bob.beside(url);
  await again.tab.getByTestId('rejoin').waitFor();
  expect(await again.tab.getByTestId('with').innerText()).toBe('Room crash');
  await again.until('a countdown', () =>
    /for another/.test(document.querySelector('[data-testid=rejoin-countdown]')?.textContent ?? ''),
  );
  await again.click('rejoin');
  await Promise.all([ada.sees(['Bob']), again.sees(['Ada'])]);
  await again.click('leave');
  expect(await again.tab.evaluate(() => localStorage.getItem('holdfast.call'))).toBeNull();
});

test('and no: the place is given up at once', async () => {
  const { url, ada, bob } = await pair('decline');
  await bob.closeTab();
  await waiting(ada);
  const again = await bob.beside(url);
  await again.click('decline-rejoin');
  await again.tab.getByTestId('join').waitFor();
  await ada.sees([]);
});

test('with autojoin nobody is asked', async () => {
  const { url, ada, bob } = await pair('autojoin');
  await bob.closeTab();
  await waiting(ada);
  const again = await bob.beside(`${url}?autojoin=1`);
  await Promise.all([ada.sees(['Bob']), again.sees(['Ada'])]);
});

test('a second tab moves the call, and the first one lets go without leaving', async () => {
  const { url, ada, bob } = await pair('move');
  const second = await bob.beside(url);
  await second.click('move-here');
  await Promise.all([ada.sees(['Bob']), second.sees(['Ada'])]);
  await bob.until('what became of the call', () => document.querySelector('[data-why=moved]') !== null);
});

test('or joins beside it', async () => {
  const { url, ada, bob } = await pair('beside');
  const second = await bob.beside(url);
  await second.click('join-too');
  await second.click('join');
  await ada.sees(['Bob', 'Bob']);
  await bob.sees(['Ada', 'Bob']);
});
