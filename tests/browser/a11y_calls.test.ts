/**
 * The screens of ringing, waiting and coming back, in every size, light and dark and for those who do not see them. `make
 * images` takes five of the README's pictures from what this leaves in `tests/artifacts/`.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibleEverywhere } from './lib/axe.ts';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { callByName, ended, isOnline, listed, rings } from './lib/landing.ts';
import { pictures } from './lib/look.ts';
import { Person, launch } from './lib/page.ts';
import { Proxy } from './lib/proxy.ts';
import { watchResources } from './lib/resources.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];
const bots: Bot[] = [];

beforeAll(async () => {
  // What rings, or waits, does so for as long as a state takes to be looked at.
  const args = ['--directory', 'on', '--ring-timeout', '5m', '--direct-policy', 'patient'];
  [hub, browser] = await Promise.all([Hub.start(...args), launch()]);
});

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.program.kill();
  await Promise.all(people.splice(0).map((person) => person.close()));
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function open(name: string, locale = 'en-US'): Promise<Person> {
  const url = `${hub.origin}/?name=${encodeURIComponent(name)}`;
  const person = await Person.open(browser, url, undefined, watchResources, locale);
  people.push(person);
  await isOnline(person);
  return person;
}

const shown = (selector: string): boolean => document.querySelector(selector) !== null;

/** Looks at a state in every way there is. */
async function look(person: Person, state: string, selector: string): Promise<void> {
  await person.until(state, shown, selector);
  await accessibleEverywhere(person, state, shown, selector);
  await pictures(person, state);
  await person.tab.setViewportSize({ width: 1280, height: 800 });
}

/** A call of Ada and Vera, whose page speaks Russian. */
async function couple(): Promise<[ada: Person, vera: Person]> {
  const ada = await open('Ada Lovelace');
  const vera = await open('Вера Николаевна', 'ru-RU');
  await callByName(vera, 'Ada Lovelace');
  await ada.click('accept');
  await Promise.all([ada.sees(['Вера Николаевна']), vera.sees(['Ada Lovelace'])]);
  return [ada, vera];
}

test('who is online, calls that were, one that comes in, and one that goes out', async () => {
  const ada = await open('Ada Lovelace');
  const grace = await open('Grace Hopper');
  const vera = await open('Вера Николаевна', 'ru-RU');
  const sources = ['--hub', hub.origin, '--video', 'none', '--audio', 'none'];
  for (const name of ['Katherine Johnson', 'Somebody whose name is quite long, and longer than a line']) {
    const bot = new Bot(['answer', '--auto', ...sources], name);
    bots.push(bot);
    await bot.until('welcome');
  }
  await callByName(ada, 'Katherine Johnson');
  await ada.sees(['Katherine Johnson']);
  await ada.click('leave');
  await look(ada, 'hung-up', '[data-testid=status][data-state=left]');
  await ada.click('home');
  await callByName(grace, 'Ada Lovelace');
  await rings(grace, ada, 'Grace Hopper');
  await look(ada, 'incoming', '[data-testid=incoming]');
  await look(grace, 'outgoing', '[data-testid=calling][data-ringing=true]');
  await ada.click('decline');
  await ended(grace, 'declined');
  await look(grace, 'declined', '[data-why=declined]');
  await callByName(vera, 'Ada Lovelace');
  await ada.tab.getByTestId('incoming').waitFor();
  await look(vera, 'outgoing-ru', '[data-testid=calling][data-ringing=true]');
  await vera.click('cancel-call');
  await ada.tab.getByTestId('missed').waitFor();
  await ada.tab.getByTestId('directory-search').fill('');
  await listed(ada, 'Вера Николаевна', 'online');
  await look(ada, 'recent-calls', '[data-testid=logged-call][data-direction=missed]');
  await ada.tab.getByTestId('directory-search').fill('nobody has this');
  await look(ada, 'nobody-found', '[data-testid=directory]:empty');
  await vera.click('home');
  await ada.tab.getByTestId('directory-search').fill('Вера');
  await listed(ada, 'Вера Николаевна', 'online');
  await ada.tab.getByTestId('call-person').click();
  await look(vera, 'incoming-ru', '[data-testid=incoming]');
});

test('the other one away, the question whether to come back, and the call in another tab', async () => {
  const [ada, vera] = await couple();
  const second = await vera.beside(`${hub.origin}/`);
  await look(second, 'second-tab-ru', '[data-testid=elsewhere-prompt]');
  await second.closeTab();
  const third = await ada.beside(`${hub.origin}/`);
  await look(third, 'second-tab', '[data-testid=elsewhere-prompt]');
  await third.closeTab();
  await vera.crash();
  await ada.until('somebody to wait for', shown, '[data-away=waiting]');
  await look(ada, 'away-tile', '[data-away=waiting]');
  const again = await vera.beside(`${hub.origin}/`);
  await again.tab.getByTestId('rejoin-countdown').waitFor();
  await look(again, 'rejoin-prompt-ru', '[data-testid=rejoin-prompt]');
  await ada.crash();
  const prompt = await ada.beside(`${hub.origin}/`);
  await prompt.tab.getByTestId('rejoin-countdown').getByText(/kept/).waitFor();
  await look(prompt, 'rejoin-prompt', '[data-testid=rejoin-prompt]');
  await again.click('decline-rejoin');
  await look(prompt, 'call-over', '[data-testid=status][data-state=left]');
});

test('the hub away in a call, while it rings, and on the first page', async () => {
  const [ada, vera] = await couple();
  const eve = await open('Eve');
  const [mary, dan] = [await open('Mary'), await open('Dan')];
  await callByName(mary, 'Dan');
  await rings(mary, dan, 'Mary');
  await hub.kill();
  const banner = '[data-testid=link-banner]';
  for (const [person, state] of [
    [ada, 'hub-lost'],
    [vera, 'hub-lost-ru'],
    [eve, 'hub-lost-landing'],
    [mary, 'hub-lost-outgoing'],
    [dan, 'hub-lost-incoming'],
  ] as const) {
    await look(person, state, banner);
  }
  await hub.restart();
  await ada.until('the hub again', shown, '[data-testid=status][data-state=connected]');
  await ended(mary, 'server-cleanup');
  await look(mary, 'cleaned-up', '[data-why=server-cleanup]');
  expect(await dan.tab.getByTestId('incoming').isVisible()).toBe(false);
});

test('who is in the room, ending it for everyone, and the wait before it', async () => {
  const way = await Proxy.start(hub.port);
  try {
    const url = `${way.origin}/r/hosted`;
    const ada = await Person.join(browser, url, 'Ada Lovelace');
    const vera = await Person.open(browser, `${url}?name=Вера&autojoin=1`, undefined, undefined, 'ru-RU');
    people.push(ada, vera);
    await ada.sees(['Вера']);
    for (const [person, name] of [
      [ada, 'roster'],
      [ada, 'end-all'],
      [vera, 'roster'],
    ] as const) {
      await person.click('more');
      await person.click(`menu-${name}`);
      await look(person, person === vera ? `${name}-ru` : name, `dialog[data-testid=${name}]`);
      await person.tab.keyboard.press('Escape');
    }
    const eve = await Person.open(browser, `${way.origin}/r/another`);
    people.push(eve);
    await eve.tab.getByTestId('name').fill('Eve');
    way.cut();
    await eve.click('join');
    await eve.tab.getByTestId('reconnect-now').waitFor();
    await look(eve, 'lobby-waits', '[data-testid=link-banner]');
  } finally {
    way.close();
  }
});
