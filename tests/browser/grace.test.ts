/** Direct calls through outages: a lost socket, a crash, a killed hub, a second tab; and what the other one sees meanwhile. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Browser } from 'playwright-core';
import { Hub } from './lib/hub.ts';
import { callByName, callId, ended, log, online, quiet } from './lib/landing.ts';
import { Person, launch } from './lib/page.ts';
import { Proxy } from './lib/proxy.ts';

/** Long enough to come back in, short enough to wait for its end. */
const SHORT = 'support,away=12s';
/** Longer than that and the 10 s for which a report of flowing media counts. */
const CUT_MS = 26_000;

let hub: Hub;
let short: Hub;
let browser: Browser;
const people: Person[] = [];
const ways: Proxy[] = [];

beforeAll(async () => {
  [hub, short, browser] = await Promise.all([
    Hub.start('--directory', 'on'),
    Hub.start('--directory', 'on', '--direct-policy', SHORT),
    launch(),
  ]);
});

afterEach(async () => {
  await Promise.all(people.splice(0).map((person) => person.close()));
  for (const way of ways.splice(0)) way.close();
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
  await short?.close();
});

/** Ada has called Bob, who comes by a way of his own; they see each other. */
async function call(at = hub): Promise<{ ada: Person; bob: Person; way: Proxy; id: string }> {
  const way = await Proxy.start(at.port);
  ways.push(way);
  const [ada, bob] = await Promise.all([online(browser, at.origin, 'Ada'), online(browser, way.origin, 'Bob')]);
  people.push(ada, bob);
  await callByName(ada, 'Bob');
  await bob.click('accept');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);
  const id = await callId(ada);
  expect(id).toBe(await callId(bob));
  return { ada, bob, way, id: id! };
}

/** What the tile of the other one says of where they are. */
const away = (person: Person, how: 'waiting' | 'live'): Promise<void> =>
  person.tab.locator(`[data-testid=tile][data-away=${how}]`).waitFor();

const made = async (person: Person): Promise<number> => (await person.diagnostics()).connections_made;

const stored = (person: Person): Promise<unknown[]> =>
  person.tab.evaluate(() => [localStorage.getItem('holdfast.call'), sessionStorage.getItem('holdfast.call')]);

test('a crash: the other one waits, the next page asks, and Rejoin goes on with the same call', async () => {
  const { ada, bob, way, id } = await call();
  await bob.crash();
  await away(ada, 'waiting');
  expect(await ada.tab.getByTestId('waiting').innerText()).toMatch(/^Bob disconnected – waiting \((60|5\d) s\)$/);
  const again = await bob.beside(way.origin);
  await again.tab.getByTestId('rejoin-countdown').getByText(/^Your place is kept for another \d+ s\.$/).waitFor();
  expect(await again.tab.getByTestId('with').innerText()).toBe('With Ada');
  expect(await again.tab.locator('.return .face').innerText()).toBe('A');
  expect(await again.tab.locator('video').count(), 'no camera before the answer').toBe(0);
  await away(ada, 'waiting');
  await again.click('rejoin');
  await Promise.all([ada.sees(['Bob']), again.sees(['Ada'])]);
  await Promise.all([ada.seesAndHears(1), again.seesAndHears(1)]);
  expect([await callId(ada), await callId(again)]).toEqual([id, id]);
  await again.click('leave');
  await Promise.all([ended(again, ''), ended(ada, 'hangup')]);
  expect(await stored(again)).toEqual([null, null]);
  expect(await stored(ada)).toEqual([null, null]);
  expect((await log(hub, ada)).map((row) => [row.id, row.reason])).toEqual([[id, 'hangup']]);
});

test('No thanks: the call ends at once', async () => {
  const { ada, bob, way } = await call();
  await bob.crash();
  await away(ada, 'waiting');
  const again = await bob.beside(way.origin);
  await again.click('decline-rejoin');
  await ended(ada, 'hangup');
  await quiet(ada);
  await again.tab.getByTestId('people').waitFor();
  expect(await stored(again)).toEqual([null, null]);
});

test('with autojoin=1 nobody is asked, and a reload comes back by itself', async () => {
  const { ada, bob, way, id } = await call();
  await bob.crash();
  await away(ada, 'waiting');
  const again = await bob.beside(`${way.origin}/?autojoin=1`);
  await Promise.all([ada.sees(['Bob']), again.sees(['Ada'])]);
  await again.tab.evaluate(() => history.replaceState(null, '', '/'));
  await again.tab.reload();
  await Promise.all([ada.sees(['Bob']), again.sees(['Ada'])]);
  await Promise.all([ada.seesAndHears(1), again.seesAndHears(1)]);
  expect(await callId(again)).toBe(id);
});

test('nobody answers the question: the call ends for both when the time is up', async () => {
  const { ada, bob, way, id } = await call(short);
  await bob.crash();
  await away(ada, 'waiting');
  const again = await bob.beside(way.origin);
  await again.tab.getByTestId('rejoin').waitFor();
  await Promise.all([ended(ada, 'network-lost'), ended(again, 'network-lost')]);
  await quiet(ada);
  expect(await stored(again)).toEqual([null, null]);
  expect((await log(short, ada)).map((row) => [row.id, row.reason])).toEqual([[id, 'network-lost']]);
});

test('hung up while the other one is away: who comes back finds the call over', async () => {
  const { ada, bob, way } = await call();
  await bob.crash();
  await away(ada, 'waiting');
  await ada.click('leave');
  await ended(ada, '');
  await quiet(ada);
  const again = await bob.beside(way.origin);
  await again.until('that it is over', () => document.querySelector('[data-testid=status][data-state=left]') !== null);
  expect(await stored(again)).toEqual([null, null]);
});

test('a socket lost for longer than the grace while media flows: the tile stays live, and the call', async () => {
  const { ada, bob, way, id } = await call(short);
  const before = [await made(ada), await made(bob)];
  await ada.watchPicture();
  way.cut();
  await away(ada, 'live');
  expect(await ada.tab.locator('[data-away=live]').innerText()).toContain('Away from the hub');
  await bob.tab.getByTestId('link-banner').waitFor();
  expect(await bob.tab.getByTestId('leave').isEnabled()).toBe(true);
  await ada.tab.waitForTimeout(CUT_MS);
  await away(ada, 'live');
  way.heal();
  await ada.until('nobody away', () => document.querySelector('[data-away]') === null);
  await bob.until('the hub again', () => document.querySelector('[data-testid=status][data-state=connected]') !== null);
  expect(await ada.longestFreeze_ms()).toBeLessThan(2_000);
  expect([await made(ada), await made(bob)]).toEqual(before);
  expect([await callId(ada), await callId(bob)]).toEqual([id, id]);
});

test('the hub killed in the middle of a call: the same call goes on, over the same connections', async () => {
  const { ada, bob, id } = await call();
  const before = [await made(ada), await made(bob)];
  await ada.watchPicture();
  await hub.kill();
  await Promise.all([ada, bob].map((person) => person.tab.getByTestId('link-banner').waitFor()));
  await hub.restart();
  const connected = (): boolean => document.querySelector('[data-testid=status][data-state=connected]') !== null;
  await Promise.all([ada, bob].map((person) => person.until('the hub again', connected)));
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  expect([await made(ada), await made(bob)]).toEqual(before);
  expect(await ada.longestFreeze_ms()).toBeLessThan(2_000);
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);
  expect([await callId(ada), await callId(bob)]).toEqual([id, id]);
  await bob.click('leave');
  await Promise.all([ended(bob, ''), ended(ada, 'hangup')]);
  expect((await log(hub, ada)).map((row) => [row.id, row.reason])).toEqual([[id, 'hangup']]);
});

test('a second tab: the call moves there, and back', async () => {
  const { ada, bob, way, id } = await call();
  const second = await bob.beside(way.origin);
  await second.tab.getByTestId('elsewhere-prompt').getByText('With Ada').waitFor();
  expect(await second.tab.getByTestId('join-too').count(), 'two of one in a call of two').toBe(0);
  await second.click('move-here');
  await Promise.all([ada.sees(['Bob']), second.sees(['Ada'])]);
  await ended(bob, 'moved');
  await quiet(bob);
  await bob.click('rejoin');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await ended(second, 'moved');
  expect([await callId(ada), await callId(bob)]).toEqual([id, id]);
});
