/** The page around the call: recent rooms, languages, broken devices, the link, pins, one's own picture, the tab. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
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

async function open(url: string, locale = 'en-US'): Promise<Person> {
  const person = await Person.open(browser, url, undefined, undefined, locale);
  people.push(person);
  return person;
}

async function join(url: string, name: string): Promise<Person> {
  const person = await Person.join(browser, url, name);
  people.push(person);
  return person;
}

const icon = (person: Person): Promise<string | null> =>
  person.tab.evaluate(() => document.querySelector('link[rel=icon]')?.getAttribute('href') ?? null);

test('a room that one was in is offered again until it is forgotten', async () => {
  const ada = await join(`${hub.origin}/r/weekly`, 'Ada');
  await ada.click('leave');
  expect(await ada.tab.getByTestId('summary').innerText()).toMatch(/^Time in the call: \d+ seconds?\./);
  await ada.click('home');
  await ada.tab.reload();
  await ada.tab.getByRole('button', { name: 'weekly', exact: true }).click();
  await ada.tab.getByTestId('join').waitFor();
  expect(ada.tab.url()).toBe(`${hub.origin}/r/weekly`);
  await ada.tab.getByRole('button', { name: 'Holdfast: back to the start' }).click();
  await ada.tab.getByRole('button', { name: 'Forget weekly' }).click();
  await ada.tab.getByTestId('recent').waitFor({ state: 'detached' });
  await ada.tab.reload();
  await ada.tab.getByTestId('start-room').waitFor();
  expect(await ada.tab.getByTestId('recent').count()).toBe(0);
});

test('the browser chooses the language, and the visitor’s own choice stays', async () => {
  const ada = await open(hub.origin, 'ru-RU');
  await ada.tab.getByRole('button', { name: 'Создать комнату' }).waitFor();
  expect(await ada.tab.evaluate(() => document.documentElement.lang)).toBe('ru');
  await ada.tab.getByTestId('language').selectOption('en');
  await ada.tab.getByRole('button', { name: 'Start a room' }).waitFor();
  await ada.tab.reload();
  await ada.tab.getByRole('button', { name: 'Start a room' }).waitFor();
  expect(await ada.tab.evaluate(() => document.documentElement.lang)).toBe('en');
  expect(ada.errors).toEqual([]);
});

test.each([
  ['NotAllowedError', /Allow them in the site settings/],
  ['NotReadableError', /Another program uses your camera and microphone/],
  ['NotFoundError', /No camera or microphone was found/],
  [undefined, /only to pages served over HTTPS/],
])('who has no devices (%s) is told why, and joins without', async (error, words) => {
  const ada = await open(hub.origin);
  await ada.tab.addInitScript((name) => {
    if (name === undefined) Object.defineProperty(navigator, 'mediaDevices', { value: undefined });
    else navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name));
  }, error);
  // A room of its own: whoever was in another one by closing the page still has a place there.
  await ada.tab.goto(`${hub.origin}/r/without-${String(error).toLowerCase()}`);
  expect(await ada.tab.getByTestId('trouble').innerText()).toMatch(words);
  await ada.tab.getByTestId('name').fill('Ada');
  await ada.tab.getByRole('button', { name: 'Join without devices' }).click();
  await ada.tab.getByTestId('tile').waitFor();
  const trouble = ada.tab.getByTestId('device-trouble');
  await trouble.getByRole('button', { name: 'OK' }).click();
  await trouble.waitFor({ state: 'detached' });
  await ada.click('camera');
  await trouble.first().waitFor();
  expect(ada.errors).toEqual([]);
});

test('a device that was busy works after another try', async () => {
  const ada = await open(hub.origin);
  await ada.tab.addInitScript(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    let busy = true;
    navigator.mediaDevices.getUserMedia = (wish) =>
      busy ? Promise.reject(new DOMException('', 'NotReadableError')) : ask(wish);
    Object.assign(window, { freeDevices: () => (busy = false) });
  });
  await ada.tab.goto(`${hub.origin}/r/busy`);
  await ada.tab.getByTestId('trouble').waitFor();
  await ada.tab.evaluate(() => (window as unknown as { freeDevices(): void }).freeDevices());
  await ada.click('retry-devices');
  await ada.tab.getByTestId('trouble').waitFor({ state: 'detached' });
  await ada.until('both on', () => document.querySelectorAll('[data-state=on]').length === 2);
});

test('the link is copied, or shown where there is no clipboard', async () => {
  const url = `${hub.origin}/r/link`;
  const ada = await join(url, 'Ada');
  await ada.tab.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await ada.click('copy-link');
  await ada.tab.getByText('Link copied').waitFor();
  expect(await ada.tab.evaluate(() => navigator.clipboard.readText())).toBe(url);
  await ada.tab.evaluate(() => (navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))));
  await ada.click('copy-link');
  expect(await ada.tab.getByLabel('Link', { exact: true }).inputValue()).toBe(url);
});

test('a pin gives the stage, and goes with the one who leaves', async () => {
  const url = `${hub.origin}/r/pins`;
  const ada = await join(url, 'Ada');
  expect(await ada.tab.getByTestId('pin').count()).toBe(0);
  const grace = await join(url, 'Grace');
  const edsger = await join(url, 'Edsger');
  await ada.sees(['Grace', 'Edsger']);
  await ada.tab.getByRole('button', { name: 'Pin Grace' }).click();
  const stage = ada.tab.locator('[data-place=stage]');
  expect(await stage.getAttribute('aria-label')).toBe('Grace');
  await ada.tab.keyboard.press('p');
  expect(await stage.getAttribute('aria-label')).not.toBe('Grace');
  await ada.tab.getByRole('button', { name: 'Pin Grace' }).click();
  await grace.click('leave');
  await ada.sees(['Edsger']);
  await ada.until('the grid', () => document.querySelector('.tiles')?.getAttribute('data-layout') === 'grid');
  expect(await edsger.tab.getByTestId('tile').count()).toBe(2);
});

test('one’s own picture goes to another corner by button and by pointer', async () => {
  const url = `${hub.origin}/r/corner`;
  const ada = await join(url, 'Ada');
  await join(url, 'Grace');
  await ada.sees(['Grace']);
  const corner = (): Promise<string | null> => ada.tab.locator('.tiles').getAttribute('data-corner');
  expect(await corner()).toBe('bottom-right');
  await ada.tab.getByTestId('move-self').focus();
  await ada.tab.keyboard.press('Enter');
  expect(await corner()).toBe('bottom-left');
  const own = (await ada.tab.locator('[data-self]').boundingBox())!;
  expect(own.x).toBeLessThan(100);
  await ada.tab.mouse.move(own.x + own.width / 2, own.y + own.height / 2);
  await ada.tab.mouse.down();
  await ada.tab.mouse.move(1100, 200, { steps: 4 });
  await ada.tab.mouse.up();
  expect(await corner()).toBe('top-right');
  const moved = (await ada.tab.locator('[data-self]').boundingBox())!;
  expect(moved.x).toBeGreaterThan(800);
  expect(moved.y).toBeLessThan(200);
});

test('the tab says that a call is on and what waits, and the whole screen can be had', async () => {
  const url = `${hub.origin}/r/tab`;
  const ada = await open(hub.origin);
  expect([await ada.tab.title(), await icon(ada)]).toEqual(['Holdfast', '/favicon.svg']);
  await ada.tab.goto(`${url}?name=Ada&autojoin=1`);
  await ada.until('the title of the call', () => document.title.startsWith('● tab (1)'));
  expect(await icon(ada)).toBe('/favicon-call.svg');
  const grace = await join(url, 'Grace');
  await grace.sees(['Ada']);
  await grace.click('chat');
  await grace.tab.getByTestId('chat-text').fill('Hello');
  await grace.tab.keyboard.press('Enter');
  await ada.until('the unread message in the title', () => document.title.startsWith('(1) ● tab (2)'));
  expect(await icon(ada)).toBe('/favicon-unread.svg');
  await ada.tab.keyboard.press('f');
  await ada.until('the whole screen', () => document.fullscreenElement !== null);
  await ada.tab.keyboard.press('f');
  await ada.until('the window again', () => document.fullscreenElement === null);
  await ada.until('the picture of Grace', () => (document.querySelector('video')?.videoWidth ?? 0) > 0);
  await ada.tab.keyboard.press('i');
  await ada.until('the picture in picture', () => document.pictureInPictureElement?.closest('.tile')?.getAttribute('aria-label') === 'Grace');
  await ada.tab.keyboard.press('i');
  await ada.until('the picture back in the page', () => document.pictureInPictureElement === null);
  await ada.tab.keyboard.press('l');
  expect(await ada.tab.getByTestId('tile').count()).toBe(2);
  await ada.tab.keyboard.press('Shift+L');
  await ada.tab.getByTestId('rejoin').waitFor();
  expect([await ada.tab.title(), await icon(ada)]).toEqual(['Call left · Holdfast', '/favicon.svg']);
});

test('single keys can be switched off', async () => {
  const ada = await join(`${hub.origin}/r/keys`, 'Ada');
  const { keyboard } = ada.tab;
  await ada.tab.getByTestId('tile').waitFor();
  await keyboard.press('?');
  await ada.tab.getByRole('checkbox').uncheck();
  await keyboard.press('Escape');
  await ada.tab.getByTestId('shortcuts').waitFor({ state: 'detached' });
  await keyboard.press('m');
  await keyboard.press('Shift+L');
  expect(await ada.tab.getByTestId('mic').getAttribute('data-state')).toBe('on');
  await ada.click('more');
  await ada.click('menu-shortcuts');
  await ada.tab.getByRole('checkbox').check();
  await keyboard.press('Escape');
  await ada.tab.getByTestId('shortcuts').waitFor({ state: 'detached' });
  await keyboard.press('m');
  await ada.until('muted', () => document.querySelector('[data-testid=mic]')?.getAttribute('data-state') === 'muted');
});
