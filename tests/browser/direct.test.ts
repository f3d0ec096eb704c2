/** Calls from one person to another: found in the directory, ringing, answered in every way there is, and over for both. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { callByName, ended, isOnline, listed, log, online, quiet, rings, sounds } from './lib/landing.ts';
import { Person, launch } from './lib/page.ts';
import { watchResources } from './lib/resources.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];
const bots: Bot[] = [];

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start('--directory', 'on'), launch()]);
});

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.program.kill();
  await Promise.all(people.splice(0).map((person) => person.close()));
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function open(name: string, at = hub): Promise<Person> {
  const person = await online(browser, at.origin, name);
  people.push(person);
  return person;
}

function bot(command: string[], name: string, ...args: string[]): Bot {
  const started = new Bot([...command, '--hub', hub.origin], name, '--video', 'test', '--audio', 'tone', ...args);
  bots.push(started);
  return started;
}

/** Ada calls Bob, and it rings. */
async function ringing(): Promise<{ ada: Person; bob: Person }> {
  const [ada, bob] = await Promise.all([open('Ada'), open('Bob')]);
  await callByName(ada, 'Bob');
  await rings(ada, bob, 'Ada');
  return { ada, bob };
}

/** From the screen after a call to the first page, where the call is the newest of the list. */
async function newestCall(person: Person): Promise<{ direction: string | null; reason: string | null }> {
  if (await person.tab.getByTestId('home').isVisible()) await person.click('home');
  const row = person.tab.getByTestId('logged-call').first();
  await row.waitFor();
  return { direction: await row.getAttribute('data-direction'), reason: await row.getAttribute('data-reason') };
}

test('page ↔ page: found, rung, accepted, hung up, and in the list of both', async () => {
  const [{ ada, bob }, eve] = await Promise.all([ringing(), open('Eve')]);
  await eve.tab.getByTestId('directory-search').fill('B');
  await eve.tab.getByTestId('directory-search').fill('');
  await listed(eve, 'Bob', 'ringing');
  expect(await ada.tab.getByTestId('ring-countdown').innerText()).toMatch(/^\d+ s$/);
  expect(await bob.tab.getByTestId('ring-countdown').innerText()).toMatch(/^Rings for another \d+ s\.$/);
  await bob.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);
  await Promise.all(['Ada', 'Bob'].map((name) => listed(eve, name, 'in-call')));

  await ada.click('leave');
  await Promise.all([ended(ada, ''), ended(bob, 'hangup')]);
  await Promise.all([quiet(ada), quiet(bob)]);
  await listed(eve, 'Bob', 'online');
  expect(await newestCall(ada)).toEqual({ direction: 'out', reason: 'hangup' });
  expect(await newestCall(bob)).toEqual({ direction: 'in', reason: 'hangup' });
  const [mine, theirs] = await Promise.all([log(hub, ada), log(hub, bob)]);
  expect(mine.map(({ id }) => id)).toEqual(theirs.map(({ id }) => id));
  expect(mine).toHaveLength(1);
  expect([...ada.errors, ...bob.errors, ...eve.errors]).toEqual([]);
});

test('accepted without a camera', async () => {
  const { ada, bob } = await ringing();
  await bob.click('accept-without-camera');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await ada.until('a face, no picture', () => document.querySelector('[data-testid=tile]:not([data-self]):not(.with-picture) .face'));
  await bob.until('the camera off', () => document.querySelector('[data-self]:not(.with-picture)') !== null);
});

test('page → bot, and bot → page', async () => {
  const ada = await open('Ada');
  const robot = bot(['answer', '--auto'], 'Robot');
  await robot.until('welcome');
  await callByName(ada, 'Robot');
  await ada.sees(['Robot']);
  await Promise.all([ada.seesAndHears(1), robot.mediaFlows(1)]);
  await ada.click('leave');
  expect((await robot.until('call-ended'))['reason']).toBe('hangup');
  await quiet(ada);

  await ada.click('home');
  const caller = bot(['call', 'Ada'], 'Caller');
  await ada.tab.getByTestId('incoming').getByText('Caller is calling').waitFor();
  await ada.click('accept');
  await ada.sees(['Caller']);
  await Promise.all([ada.seesAndHears(1), caller.mediaFlows(1)]);
  expect(await caller.leave()).toBe(0);
  await ended(ada, 'hangup');
  await quiet(ada);
});

test('declined', async () => {
  const { ada, bob } = await ringing();
  await bob.tab.keyboard.press('Escape');
  expect(await bob.tab.getByTestId('incoming').isVisible(), 'Esc answers nothing').toBe(true);
  await bob.click('decline');
  await ended(ada, 'declined');
  await Promise.all([quiet(ada), quiet(bob)]);
  await bob.tab.getByTestId('people').waitFor();
  expect(await newestCall(ada)).toEqual({ direction: 'out', reason: 'declined' });
  expect(await newestCall(bob)).toEqual({ direction: 'in', reason: 'declined' });
});

test('cancelled: it stops ringing there, and is a missed call', async () => {
  const { ada, bob } = await ringing();
  await ada.click('cancel-call');
  await ended(ada, '');
  await Promise.all([quiet(ada), quiet(bob)]);
  expect(await newestCall(bob)).toEqual({ direction: 'missed', reason: 'cancelled' });
  expect(await bob.tab.getByTestId('missed').innerText()).toBe('1 missed call');
  // Called back from the list.
  await ada.click('home');
  await isOnline(ada);
  await bob.click('call-back');
  await rings(bob, ada, 'Bob');
  await ada.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
});

test('not answered in time: missed', async () => {
  const short = await Hub.start('--directory', 'on', '--ring-timeout', '4s');
  try {
    const [ada, bob] = await Promise.all([open('Ada', short), open('Bob', short)]);
    await callByName(ada, 'Bob');
    await bob.tab.getByTestId('incoming').waitFor();
    await ended(ada, 'missed');
    expect(await ada.tab.getByTestId('status').innerText()).toContain('Bob did not answer.');
    await Promise.all([quiet(ada), quiet(bob)]);
    expect(await newestCall(bob)).toEqual({ direction: 'missed', reason: 'missed' });
    expect(await newestCall(ada)).toEqual({ direction: 'out', reason: 'missed' });
  } finally {
    await short.close();
  }
});

test('in another call: busy for who calls, a missed call for who is called', async () => {
  const [{ ada, bob }, eve] = await Promise.all([ringing(), open('Eve')]);
  // Who is asked for is listed at once; who comes, with the next list.
  await eve.tab.getByTestId('directory-search').fill('Bob');
  await listed(eve, 'Bob', 'ringing');
  await bob.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await eve.tab.getByTestId('person').filter({ hasText: 'Bob' }).getByTestId('call-person').click();
  await ended(eve, 'busy');
  await quiet(eve);
  expect(await bob.tab.getByTestId('incoming').isVisible(), 'nobody is disturbed').toBe(false);
  await bob.click('leave');
  expect(await newestCall(bob)).toMatchObject({ direction: 'missed', reason: 'busy' });
});

test('accepted in another tab: the first one falls silent and stays where it is', async () => {
  const [ada, bob] = await Promise.all([open('Ada'), open('Bob')]);
  const second = await bob.beside(`${hub.origin}/?name=Bob`);
  await isOnline(second);
  await callByName(ada, 'Bob');
  for (const device of [bob, second]) await rings(ada, device, 'Ada');
  await second.click('accept');
  await Promise.all([ada.sees(['Bob']), second.sees(['Ada'])]);
  await quiet(bob);
  await bob.tab.getByTestId('people').waitFor();
});

test('rung in the middle of a room’s call: declined it goes on, accepted it ends', async () => {
  const ada = await open('Ada');
  const room = `${hub.origin}/r/meeting`;
  const [bob, eve] = [
    await Person.join(browser, room, 'Bob', watchResources),
    await Person.join(browser, room, 'Eve'),
  ];
  people.push(bob, eve);
  await Promise.all([bob.sees(['Eve']), eve.sees(['Bob'])]);
  await ada.tab.getByTestId('directory-search').fill('Bob');
  await listed(ada, 'Bob', 'in-call');
  const call = ada.tab.getByTestId('person').filter({ hasText: 'Bob' }).getByTestId('call-person');
  await call.click();
  await rings(ada, bob, 'Ada');
  await bob.click('decline');
  await ended(ada, 'declined');
  await bob.sees(['Eve']);
  await ada.click('rejoin');
  await rings(ada, bob, 'Ada');
  expect(await bob.tab.getByTestId('accept').innerText()).toBe('End this call and accept');
  await bob.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await eve.sees([]);
});

test('the hub killed while it rings: nothing is heard any more, and with the hub back all is closed', async () => {
  const { ada, bob } = await ringing();
  await hub.kill();
  await Promise.all([ada, bob].map((person) => sounds(person, false)));
  await hub.restart();
  await ended(ada, 'server-cleanup');
  await Promise.all([quiet(ada), quiet(bob)]);
  await isOnline(bob);
  expect(await newestCall(bob)).toEqual({ direction: 'missed', reason: 'server-cleanup' });
  const open_calls = await log(hub, ada);
  expect(open_calls.filter(({ status }) => status !== 'ended')).toEqual([]);
  // And both can be called again.
  await ada.click('home');
  await callByName(ada, 'Bob');
  await rings(ada, bob, 'Ada');
});
