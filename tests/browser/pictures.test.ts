/**
 * Every state of the page on a wide screen and on phones, light and dark: nothing sticks out, is cut or lies under
 * something else. The pictures are left in `tests/artifacts/` for people to look at; `make images` takes the README's from
 * there.
 */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { pictures } from './lib/look.ts';
import { Person, launch } from './lib/page.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];
const bots: Bot[] = [];

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start(), launch()]);
});

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.program.kill();
  await Promise.all(people.splice(0).map((person) => person.close()));
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function join(url: string, name: string): Promise<Person> {
  const person = await Person.join(browser, url, name);
  people.push(person);
  return person;
}

async function open(url: string): Promise<Person> {
  const person = await Person.open(browser, url);
  people.push(person);
  return person;
}

function listener(url: string, name: string): void {
  bots.push(new Bot(url, name, '--video', 'none', '--audio', 'none'));
}

/** Takes the pictures of what a key or a menu's item opens, and closes it again. */
async function opened(person: Person, name: string, how: () => Promise<void>, state = name): Promise<void> {
  await how();
  await person.tab.getByTestId(name).waitFor();
  await pictures(person, state);
  await person.tab.keyboard.press('Escape');
  await person.tab.getByTestId(name).waitFor({ state: 'detached' });
}

const fromMenu = (person: Person, item: string) => async (): Promise<void> => {
  await person.click('more');
  await person.click(`menu-${item}`);
};

test('landing, before joining, and alone', async () => {
  const ada = await open(hub.origin);
  await ada.tab.getByTestId('start-room').waitFor();
  await pictures(ada, 'landing');
  await ada.tab.getByTestId('room').fill('this is no room!');
  await ada.click('go');
  await pictures(ada, 'landing-wrong');
  await ada.tab.evaluate(() => {
    const rooms = ['weekly', 'dofag-lohiv-rurit-pazun-fasob-kovil', 'a', 'book-club', 'x'.repeat(64), 'last'];
    localStorage.setItem('holdfast.recent', JSON.stringify(rooms));
  });
  await ada.tab.reload();
  await ada.tab.getByTestId('recent').waitFor();
  await pictures(ada, 'landing-recent');
  await ada.click('start-room');
  await ada.tab.getByTestId('name').fill('Ada');
  await ada.until('the preview', () => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await ada.until('the microphone heard', () => document.querySelector('.level .lit') !== null);
  await pictures(ada, 'lobby');
  await ada.click('join');
  await ada.until('the call', () => document.querySelector('[data-testid=tile]') !== null);
  await pictures(ada, 'alone');
  expect(ada.errors).toEqual([]);
});

test('before joining with devices refused, and in Russian', async () => {
  const ada = await open(hub.origin);
  await ada.tab.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  // A room of its own: who closes the page is waited for.
  await ada.tab.goto(`${hub.origin}/r/book-club`);
  await ada.tab.getByTestId('trouble').waitFor();
  await pictures(ada, 'lobby-refused');
  await ada.tab.getByTestId('language').selectOption('ru');
  await ada.until('Russian', () => document.documentElement.lang === 'ru');
  await pictures(ada, 'lobby-refused-ru');
  await ada.tab.getByTestId('name').fill('Ада');
  await ada.click('join');
  await ada.until('the call', () => document.querySelector('[data-testid=tile]') !== null);
  await pictures(ada, 'alone-ru');
  await opened(ada, 'menu', () => ada.click('more'), 'menu-ru');
  await opened(ada, 'shortcuts', () => ada.tab.keyboard.press('?'), 'shortcuts-ru');
});

test('in a call of two and three, and what opens over it', async () => {
  const url = `${hub.origin}/r/team-sync`;
  const ada = await join(url, 'Ada Lovelace');
  const grace = await join(url, 'Grace Hopper');
  await ada.sees(['Grace Hopper']);
  await ada.seesAndHears(1);
  await pictures(ada, 'call-2');
  bots.push(new Bot(url, 'Test pattern', '--video', 'test', '--audio', 'tone'));
  await ada.sees(['Grace Hopper', 'Test pattern']);
  await ada.seesAndHears(2);
  await grace.click('mic');
  await grace.click('hand');
  await ada.until('the hand', () => document.querySelector('.hand') !== null);
  await pictures(ada, 'call-3');
  await opened(ada, 'menu', () => ada.click('more'));
  await opened(ada, 'qr', fromMenu(ada, 'qr'));
  await opened(ada, 'devices', fromMenu(ada, 'devices'));
  await opened(ada, 'shortcuts', () => ada.tab.keyboard.press('?'));
  await grace.click('chat');
  await grace.tab.getByTestId('chat-text').fill('Shall we begin?\nI have the figures here: https://example.org/'.padEnd(150, 'o'));
  await grace.tab.keyboard.press('Enter');
  await ada.tab.getByTestId('unread').waitFor();
  await pictures(ada, 'unread');
  await opened(ada, 'chat-panel', () => ada.click('chat'));
  await ada.tab.keyboard.press('p');
  await ada.until('the stage', () => document.querySelector('[data-place=stage]') !== null);
  await pictures(ada, 'pinned');
  expect(ada.errors).toEqual([]);
});

test('a shared screen', async () => {
  const url = `${hub.origin}/r/screen`;
  const ada = await join(url, 'Ada Lovelace');
  const grace = await join(url, 'Grace Hopper');
  await ada.sees(['Grace Hopper']);
  await grace.click('screen');
  await grace.tab.getByTestId('screen-note').waitFor();
  await ada.until('the screen', () => (document.querySelector<HTMLVideoElement>('[data-testid=screen-tile] video')?.videoWidth ?? 0) > 0);
  await pictures(ada, 'screen');
  await pictures(grace, 'sharing');
});

test('six, one of them lost, one too many, and after the call', async () => {
  const url = `${hub.origin}/r/full`;
  const names = ['Listener 1', 'Listener 2', 'A listener whose name is quite long indeed', 'Listener 4'];
  const ada = await join(url, 'Ada Lovelace');
  for (const name of names) listener(url, name);
  await ada.sees(names);
  await pictures(ada, 'call-5');
  bots.push(new Bot(url, 'Test pattern', '--video', 'test', '--audio', 'tone'));
  await ada.sees([...names, 'Test pattern']);
  await pictures(ada, 'call-6');
  const late = await open(`${url}?name=Late&autojoin=1`);
  await late.until('the refusal', () => document.querySelector('[data-state=refused]') !== null);
  await pictures(late, 'refused');
  bots[0]?.program.kill();
  await ada.until('someone lost', () => document.querySelector('[data-state=peer-disconnected]') !== null);
  await pictures(ada, 'away');
  await ada.click('leave');
  await ada.tab.getByTestId('rejoin').waitFor();
  await pictures(ada, 'left');
});
