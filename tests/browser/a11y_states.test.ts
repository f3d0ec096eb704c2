/** axe on a wide screen, a phone on its side and a narrow phone: the call in each of its states, in English and in Russian. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessibleEverywhere } from './lib/axe.ts';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';
import { Proxy } from './lib/proxy.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];
const bots: Bot[] = [];
const proxies: Proxy[] = [];

beforeAll(async () => {
  // Whoever is lost stays so for as long as a state takes to be looked at.
  [hub, browser] = await Promise.all([Hub.start('--room-policy', 'patient'), launch()]);
});

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.program.kill();
  await Promise.all(people.splice(0).map((person) => person.close()));
  for (const proxy of proxies.splice(0)) proxy.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function open(url: string, locale = 'en-US'): Promise<Person> {
  const person = await Person.open(browser, url, undefined, undefined, locale);
  people.push(person);
  return person;
}

async function join(url: string, name: string, locale = 'en-US'): Promise<Person> {
  const person = await open(`${url}?name=${encodeURIComponent(name)}&autojoin=1`, locale);
  await person.until('the call', tilesAre, 0);
  return person;
}

/** Ada's page speaks English, Vera's Russian. */
async function couple(url: string): Promise<[ada: Person, vera: Person]> {
  const ada = await join(url, 'Ada Lovelace');
  const vera = await join(url, 'Вера Николаевна', 'ru-RU');
  await ada.sees(['Вера Николаевна']);
  await vera.sees(['Ada Lovelace']);
  expect(await vera.tab.evaluate(() => document.documentElement.lang)).toBe('ru');
  return [ada, vera];
}

function bot(url: string, name: string, video = 'none'): Bot {
  const made = new Bot(url, name, '--video', video, '--audio', 'none');
  bots.push(made);
  return made;
}

/** So many tiles, or any number with 0. */
const tilesAre = (count: number): boolean => {
  const tiles = document.querySelectorAll('[data-testid=tile]').length;
  return count === 0 ? tiles > 0 : tiles === count;
};
const shown = (selector: string): boolean => document.querySelector(selector) !== null;
const hubAway = '[data-testid=status][data-state=reconnecting]';
const lost = '[data-testid=tile][data-state=peer-disconnected]';
/** Media flows, but the hub does not reach them. */
const awayFromHub = '[data-testid=tile][data-state=connected]:not([data-self]) .tile-state';

test('six, and one of them lost', async () => {
  const url = `${hub.origin}/r/six`;
  const [ada, vera] = await couple(url);
  for (const name of ['Listener', 'A listener whose name is quite long indeed', 'Слушатель']) bot(url, name);
  const pattern = bot(url, 'Test pattern', 'test');
  await Promise.all([ada, vera].map((person) => person.until('six', tilesAre, 6)));
  await ada.until('all connected', () => document.querySelectorAll('[data-testid=tile][data-state=connected]').length === 6);
  await vera.click('hand');
  await vera.click('mic');
  await ada.until('the hand', shown, '.hand');
  await accessibleEverywhere(ada, 'six', tilesAre, 6);
  await accessibleEverywhere(vera, 'six-ru', tilesAre, 6);
  await ada.tab.keyboard.press('p');
  await ada.until('the stage', shown, '[data-place=stage]');
  await accessibleEverywhere(ada, 'six-pinned', shown, '[data-place=stage]');
  pattern.program.kill();
  await Promise.all([ada, vera].map((person) => person.until('the loss', shown, lost)));
  await accessibleEverywhere(ada, 'lost-in-the-strip', shown, lost);
  await accessibleEverywhere(vera, 'lost-ru', shown, lost);
  await vera.click('screen');
  await ada.until('the screen', shown, '[data-testid=screen-tile]');
  await accessibleEverywhere(ada, 'six-and-a-screen', shown, '[data-testid=screen-tile]');
});

test('shared screens, one’s own and another’s, with the chat and without', async () => {
  const [ada, vera] = await couple(`${hub.origin}/r/screens`);
  await ada.click('screen');
  await ada.tab.getByTestId('screen-note').waitFor();
  const screenShown = (): boolean =>
    (document.querySelector<HTMLVideoElement>('[data-testid=screen-tile] video')?.videoWidth ?? 0) > 0;
  await vera.until('the screen', screenShown);
  await accessibleEverywhere(ada, 'sharing', shown, '[data-testid=screen-note]');
  await accessibleEverywhere(vera, 'screen-ru', screenShown);
  await vera.click('screen');
  await ada.until('the other screen', screenShown);
  await accessibleEverywhere(ada, 'both-share', screenShown);
  await vera.click('chat');
  await vera.tab.getByTestId('chat-text').fill('Всё видно? https://example.org/');
  await vera.tab.keyboard.press('Enter');
  await ada.tab.getByTestId('unread').waitFor();
  await accessibleEverywhere(ada, 'unread', shown, '[data-testid=unread]');
  await ada.click('chat');
  await ada.tab.getByTestId('chat-message').waitFor();
  await accessibleEverywhere(ada, 'chat-and-screen', shown, '[data-testid=chat-message]');
  await accessibleEverywhere(vera, 'chat-and-screen-ru', shown, '[data-testid=chat-message]');
});

test('the menu and what it opens', async () => {
  const [ada, vera] = await couple(`${hub.origin}/r/menu`);
  for (const [person, tail] of [[ada, ''], [vera, '-ru']] as const) {
    await person.click('more');
    const menu = '[data-testid=menu-devices]';
    await accessibleEverywhere(person, `menu${tail}`, shown, menu);
    for (const name of ['devices', 'qr', 'shortcuts']) {
      if (name !== 'devices') await person.click('more');
      await person.click(`menu-${name}`);
      await accessibleEverywhere(person, `${name}${tail}`, shown, `dialog[data-testid=${name}]`);
      await person.tab.keyboard.press('Escape');
      await person.tab.getByTestId(name).waitFor({ state: 'detached' });
    }
  }
});

test('before the call, after it, and a device that is taken away', async () => {
  const ada = await open(hub.origin);
  await accessibleEverywhere(ada, 'landing', shown, '[data-testid=start-room]');
  const vera = await open(`${hub.origin}/r/around`, 'ru-RU');
  await vera.tab.getByTestId('level').waitFor();
  await accessibleEverywhere(vera, 'lobby-ru', shown, '[data-testid=join]');
  await vera.tab.getByTestId('name').fill('Вера');
  await vera.click('join');
  await vera.until('the call', tilesAre, 1);
  await accessibleEverywhere(vera, 'alone-ru', tilesAre, 1);
  await vera.tab.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  await vera.click('camera');
  await vera.click('camera');
  await vera.tab.getByTestId('device-trouble').waitFor();
  await accessibleEverywhere(vera, 'trouble-ru', shown, '[data-testid=device-trouble]');
  await vera.click('leave');
  await accessibleEverywhere(vera, 'left-ru', shown, '[data-testid=rejoin]');
  await vera.click('home');
  await accessibleEverywhere(vera, 'recent-ru', shown, '[data-testid=recent]');
});

test('away from the hub: another, oneself, and everybody', async () => {
  const way = await Proxy.start(hub.port);
  proxies.push(way);
  const url = `${hub.origin}/r/outage`;
  const [ada, vera] = await couple(url);
  const pattern = bot(`${way.origin}/r/outage`, 'Test pattern', 'test');
  await ada.sees(['Вера Николаевна', 'Test pattern']);
  way.cut();
  await pattern.until('socket-lost');
  await Promise.all([ada, vera].map((person) => person.until('one away', shown, awayFromHub)));
  await accessibleEverywhere(ada, 'away-from-hub', shown, awayFromHub);
  await accessibleEverywhere(vera, 'away-from-hub-ru', shown, awayFromHub);
  await hub.kill();
  await Promise.all([ada, vera].map((person) => person.until('the outage', shown, hubAway)));
  await accessibleEverywhere(ada, 'hub-away', shown, hubAway);
  await accessibleEverywhere(vera, 'hub-away-ru', shown, hubAway);
  await hub.restart();
  await ada.until('the hub again', shown, '[data-testid=status][data-state=connected]');
});

test('joining a hub that is away', async () => {
  const ada = await open(`${hub.origin}/r/nobody`);
  await ada.tab.getByTestId('name').fill('Ada');
  await ada.until('the preview', () => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await hub.kill();
  await ada.click('join');
  const joining = '[data-testid=status]';
  await ada.until('no answer', shown, joining);
  await accessibleEverywhere(ada, 'joining', shown, joining);
  await hub.restart();
  await ada.until('the call', tilesAre, 1);
});
