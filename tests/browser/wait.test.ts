/** A room's host and its roster; and a page that the hub does not let in now: it says why and for how long, and comes in by itself. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { Hub } from './lib/hub.ts';
import { ended, quiet } from './lib/landing.ts';
import { Person, launch } from './lib/page.ts';
import { watchResources } from './lib/resources.ts';

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

async function join(room: string, name: string): Promise<Person> {
  const person = await Person.join(browser, `${hub.origin}/r/${room}`, name, watchResources);
  people.push(person);
  return person;
}

async function lobby(origin: string): Promise<Person> {
  const person = await Person.open(browser, `${origin}/r/anywhere`);
  people.push(person);
  await person.tab.getByTestId('name').fill('Ada');
  return person;
}

const inCall = (): boolean => document.querySelector('[data-testid=tile]') !== null;

test('the host ends the call for everyone; the others have no such choice', async () => {
  const [ada, bob] = [await join('hosted', 'Ada'), await join('hosted', 'Bob')];
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await bob.click('more');
  expect(await bob.tab.getByTestId('menu-end-all').count()).toBe(0);
  await ada.click('more');
  await ada.click('menu-end-all');
  await ada.click('end-all-no');
  await ada.tab.getByTestId('end-all').waitFor({ state: 'detached' });
  await ada.sees(['Bob']);
  await ada.click('more');
  await ada.click('menu-end-all');
  await ada.click('end-all-yes');
  await Promise.all([ended(ada, 'ended-here'), ended(bob, 'ended-by-host')]);
  await Promise.all([quiet(ada), quiet(bob)]);
});

test('one of the room called alone: from the list of those who are in it', async () => {
  const people_in_room = [await join('party', 'Ada'), await join('party', 'Bob'), await join('party', 'Eve')];
  const [ada, bob, eve] = people_in_room as [Person, Person, Person];
  await ada.sees(['Bob', 'Eve']);
  await ada.click('more');
  await ada.click('menu-roster');
  // What is not shown yet has its text without its lines.
  await ada.tab.getByTestId('roster-person').first().waitFor();
  expect(await ada.tab.getByTestId('roster-person').allInnerTexts()).toEqual(['A\nAda (you)\nhost', 'B\nBob', 'E\nEve']);
  await ada.tab.getByTestId('roster-person').filter({ hasText: 'Bob' }).getByTestId('call-apart').click();
  await bob.tab.getByTestId('incoming').getByText('Ada is calling').waitFor();
  await bob.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await eve.sees([]);
});

test('joining a hub that is away: the next try can be had at once', async () => {
  const away = await Hub.start();
  try {
    const ada = await lobby(away.origin);
    await away.kill();
    await ada.click('join');
    await ada.tab.getByTestId('reconnect-now').waitFor();
    await away.restart();
    await ada.tab.getByTestId('reconnect-now').click({ timeout: 2_000 }).catch(() => undefined);
    await ada.until('the call', inCall);
  } finally {
    await away.close();
  }
});

test('too many at one address: said, and in as soon as one has gone', async () => {
  const small = await Hub.start('--sockets-per-address-max', '1');
  try {
    const ada = await Person.join(browser, `${small.origin}/r/anywhere`, 'Ada');
    people.push(ada);
    const bob = await lobby(small.origin);
    await bob.click('join');
    await bob.tab.getByTestId('link-banner').getByText('Too many people at your address').waitFor();
    await ada.closeTab();
    await bob.until('the call', inCall);
  } finally {
    await small.close();
  }
});

test('a banned address: for how long is counted down, and then it is let in', async () => {
  const strict = await Hub.start('--ban', '20s');
  try {
    const ada = await lobby(strict.origin);
    const code = await ada.tab.evaluate(async () => {
      for (let at = 0; at < 500; at += 1) {
        const closed = await new Promise<number>((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/ws`);
          socket.onopen = () => socket.send('no JSON');
          socket.onclose = ({ code }) => resolve(code);
        });
        if (closed === 4008) return closed;
      }
      return undefined;
    });
    expect(code, 'the ban').toBe(4008);
    await ada.click('join');
    const banner = ada.tab.getByTestId('link-banner');
    await banner.getByText('The hub has blocked this address').waitFor();
    expect(await banner.getByTestId('retry-in').innerText()).toMatch(/^Next try in \d+ s\.$/);
    expect(await ada.tab.getByTestId('reconnect-now').count(), 'trying earlier only makes it worse').toBe(0);
    await ada.until('the call', inCall);
  } finally {
    await strict.close();
  }
});
