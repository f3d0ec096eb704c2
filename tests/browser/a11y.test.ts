/** Nothing that axe calls serious in any state, and a whole call by keyboard alone. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { accessible } from './lib/axe.ts';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
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

async function open(url: string): Promise<Person> {
  const person = await Person.open(browser, url);
  people.push(person);
  return person;
}

async function join(url: string, name: string): Promise<Person> {
  const person = await Person.join(browser, url, name);
  people.push(person);
  return person;
}

/** What has the focus, by its test id, or by its name where it has none. */
const focused = (person: Person): Promise<string> =>
  person.tab.evaluate(() => {
    const { activeElement: element } = document;
    return element?.getAttribute('data-testid') ?? element?.tagName.toLowerCase() ?? '';
  });

/** Presses Tab until `testid` has the focus; every stop on the way must show that it has it. */
async function tabTo(person: Person, testid: string, back = false): Promise<void> {
  const stops: string[] = [];
  for (let presses = 0; presses < 40; presses += 1) {
    if ((await focused(person)) === testid) return;
    await person.tab.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    stops.push(await focused(person));
    const ring = await person.tab.evaluate(() => {
      const { activeElement: element } = document;
      return !element || element === document.body || getComputedStyle(element).outlineStyle !== 'none';
    });
    expect(ring, `a ring on ${stops.at(-1)}`).toBe(true);
  }
  throw new Error(`Tab does not reach ${testid}: ${stops.join(', ')}`);
}

const heading = (person: Person): Promise<void> =>
  person.until('the focus on the heading', () => document.activeElement?.tagName === 'H1');

/** Waits until the focus is on what has this test id, or one that begins with it. */
const focusOn = (person: Person, testid: string): Promise<void> =>
  person.until(
    `the focus on ${testid}`,
    (wanted) => document.activeElement?.getAttribute('data-testid')?.startsWith(wanted),
    testid,
  );

test('before and after the call', async () => {
  const ada = await open(hub.origin);
  await ada.tab.getByTestId('start-room').waitFor();
  await accessible(ada, 'landing');
  await ada.tab.getByTestId('room').fill('no room!');
  await ada.click('go');
  await accessible(ada, 'landing with a wrong name');
  await ada.click('start-room');
  await ada.tab.getByTestId('level').waitFor();
  await accessible(ada, 'lobby');
  await ada.tab.getByTestId('name').fill('Ada');
  await ada.click('join');
  await ada.tab.getByTestId('tile').waitFor();
  await accessible(ada, 'alone');
  await ada.click('leave');
  await ada.tab.getByTestId('rejoin').waitFor();
  await accessible(ada, 'left');
  await ada.click('home');
  await ada.tab.getByTestId('recent').waitFor();
  await accessible(ada, 'landing with recent rooms');
});

test('devices refused, and in Russian', async () => {
  const ada = await open(hub.origin);
  await ada.tab.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  });
  await ada.tab.goto(`${hub.origin}/r/team-sync`);
  await ada.tab.getByTestId('trouble').waitFor();
  await accessible(ada, 'lobby with devices refused');
  await ada.tab.getByTestId('language').selectOption('ru');
  await ada.until('Russian', () => document.documentElement.lang === 'ru');
  await accessible(ada, 'lobby in Russian');
});

test('in the call', async () => {
  const url = `${hub.origin}/r/team-sync`;
  const ada = await join(url, 'Ada');
  const grace = await join(url, 'Grace');
  await ada.sees(['Grace']);
  await grace.click('hand');
  await grace.click('mic');
  await ada.until('the hand', () => document.querySelector('.hand') !== null);
  await accessible(ada, 'a call of two');
  bots.push(new Bot(url, 'Test pattern', '--video', 'test', '--audio', 'none'));
  await ada.sees(['Grace', 'Test pattern']);
  await ada.tab.keyboard.press('p');
  await accessible(ada, 'pinned');
  await ada.click('more');
  await accessible(ada, 'menu');
  for (const dialog of ['qr', 'devices', 'shortcuts']) {
    if (dialog !== 'qr') await ada.click('more');
    await ada.click(`menu-${dialog}`);
    await ada.tab.getByTestId(dialog).waitFor();
    await accessible(ada, dialog);
    await ada.tab.keyboard.press('Escape');
    await ada.tab.getByTestId(dialog).waitFor({ state: 'detached' });
    await focusOn(ada, 'more');
  }
  await ada.click('chat');
  await grace.click('chat');
  await grace.tab.getByTestId('chat-text').fill('Hello');
  await grace.tab.keyboard.press('Enter');
  await ada.tab.getByTestId('chat-message').waitFor();
  await accessible(ada, 'chat');
  bots[0]?.program.kill();
  await ada.until('someone lost', () => document.querySelector('[data-state=peer-disconnected]') !== null);
  await accessible(ada, 'away');
  const heard = await ada.tab.getByTestId('news').innerText();
  expect(heard).toMatch(/Test pattern joined\.[^]*Test pattern lost the connection\./);
});

test('refused', async () => {
  const url = `${hub.origin}/r/full`;
  for (let at = 0; at < 6; at += 1) bots.push(new Bot(url, `Bot ${at}`, '--video', 'none', '--audio', 'none'));
  await Promise.all(bots.map((bot) => bot.until('joined')));
  const late = await open(`${url}?name=Late&autojoin=1`);
  await late.tab.getByTestId('rejoin').waitFor();
  await accessible(late, 'refused');
});

test('a whole call by keyboard alone', async () => {
  const ada = await open(hub.origin);
  const { keyboard } = ada.tab;
  await ada.tab.getByTestId('start-room').waitFor();
  await tabTo(ada, 'start-room');
  await keyboard.press('Enter');
  await heading(ada);
  await tabTo(ada, 'name');
  await keyboard.type('Ada');
  await tabTo(ada, 'join');
  await keyboard.press('Enter');
  await ada.tab.getByTestId('tile').waitFor();
  await heading(ada);
  const grace = await join(ada.tab.url(), 'Grace');
  await ada.sees(['Grace']);

  await tabTo(ada, 'mic');
  await keyboard.press('Space');
  const muted = (): unknown => document.querySelector('[data-testid=tile]:not([data-self]) [aria-label=muted]');
  await grace.until('Ada muted', muted);
  await keyboard.press('m');
  await grace.until('Ada unmuted', () => !document.querySelector('[data-testid=tile]:not([data-self]) [aria-label=muted]'));

  await keyboard.press('c');
  await ada.until('the field', () => document.activeElement?.getAttribute('data-testid') === 'chat-text');
  await keyboard.type('Can you hear me? vmsl');
  await keyboard.press('Enter');
  await grace.tab.getByTestId('unread').waitFor();
  expect(await grace.tab.title()).toMatch(/^\(1\) /);
  await keyboard.press('Escape');
  await ada.tab.getByTestId('chat-panel').waitFor({ state: 'detached' });

  await keyboard.press('?');
  await ada.tab.getByTestId('shortcuts').waitFor();
  await keyboard.press('m');
  await keyboard.press('Escape');
  await ada.tab.getByTestId('shortcuts').waitFor({ state: 'detached' });
  expect(await ada.tab.getByTestId('mic').getAttribute('data-state')).toBe('on');

  await tabTo(ada, 'more');
  await keyboard.press('Enter');
  await ada.tab.getByTestId('menu').waitFor();
  await focusOn(ada, 'menu-');
  await keyboard.press('Escape');
  await focusOn(ada, 'more');

  await tabTo(ada, 'leave');
  await keyboard.press('Enter');
  await ada.tab.getByTestId('rejoin').waitFor();
  await heading(ada);
  await grace.until('Ada gone', () => document.querySelectorAll('[data-testid=tile]').length === 1);
  expect(ada.errors).toEqual([]);
});
