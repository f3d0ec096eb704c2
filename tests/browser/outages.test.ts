/** A lost socket or a dead hub costs a call nothing: no new peer connection, no gap in the picture. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';
import { Proxy } from './lib/proxy.ts';

/** Far below every outage here, far above the noise of a busy machine. */
const FREEZE_MS_MAX = 2_000;
const CUT_MS = 10_000;

let hub: Hub;
let browser: Browser;
let proxies: Proxy[] = [];
let bots: Bot[] = [];
let people: Person[] = [];

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start('--room-policy', 'patient,away=15s'), launch()]);
});

afterEach(async () => {
  for (const bot of bots) bot.program.kill();
  await Promise.all(people.map((person) => person.close()));
  for (const proxy of proxies) proxy.close();
  [bots, people, proxies] = [[], [], []];
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

/** A call of a page and a bot, each on its own way to the hub. */
async function call(room: string): Promise<{ ada: Person; bot: Bot; page_way: Proxy; bot_way: Proxy }> {
  const [page_way, bot_way] = await Promise.all([Proxy.start(hub.port), Proxy.start(hub.port)]);
  proxies = [page_way, bot_way];
  const ada = await Person.join(browser, `${page_way.origin}/r/${room}`, 'Ada');
  people.push(ada);
  const bot = new Bot(`${bot_way.origin}/r/${room}`, 'Robot', '--video', 'test', '--audio', 'tone', '--expect-media');
  bots.push(bot);
  await ada.sees(['Robot']);
  await ada.seesAndHears(1);
  await ada.watchPicture();
  return { ada, bot, page_way, bot_way };
}

async function connection(person: Person): Promise<{ made: number; id: string; frames: number }> {
  const { connections_made, pairs } = await person.diagnostics();
  const [pair] = Object.values(pairs);
  return { made: connections_made, id: pair?.connection ?? 'none', frames: pair?.frames_decoded ?? 0 };
}

const statusIs = (state: string): boolean =>
  document.querySelector('[data-testid=status]')?.getAttribute('data-state') === state;

for (const side of ['page', 'bot'] as const) {
  test(`the socket of the ${side} cut for 10 s`, async () => {
    const { ada, bot, page_way, bot_way } = await call(`cut-${side}`);
    const before = await connection(ada);
    const way = side === 'page' ? page_way : bot_way;
    const connections = way.connections;
    way.cut();
    if (side === 'page') await ada.until('the note that the hub is away', statusIs, 'reconnecting');
    else await bot.until('socket-lost');
    await ada.tab.waitForTimeout(CUT_MS);
    way.heal();
    if (side === 'page') await ada.until('the hub again', statusIs, 'connected');
    else await bot.until('welcome', 2);
    expect(way.connections, 'it came back on a new socket').toBeGreaterThan(connections);
    await ada.seesAndHears(1);
    const after = await connection(ada);
    expect({ made: after.made, id: after.id }).toEqual({ made: before.made, id: before.id });
    expect(await ada.longestFreeze_ms()).toBeLessThan(FREEZE_MS_MAX);
    for (const event of ['connection-closed', 'peer-left']) expect(bot.count(event), event).toBe(0);
    const welcomes = bot.events.filter((each) => each.event === 'welcome');
    expect(welcomes.map((each) => each['resumed'])).toEqual(side === 'bot' ? [false, true] : [false]);
    expect(await bot.leave(), bot.program.lines.join('\n')).toBe(0);
  });
}

test('the hub killed: the media goes on while both try to come back, and afterwards', async () => {
  const { ada, bot } = await call('hub-dead');
  const before = await connection(ada);
  await hub.kill();
  await Promise.all([
    ada.until('the note that the hub is away', statusIs, 'reconnecting'),
    bot.until('socket-lost'),
  ]);
  await ada.tab.waitForTimeout(20_000);
  const during = await connection(ada);
  expect({ made: during.made, id: during.id }).toEqual({ made: before.made, id: before.id });
  expect(during.frames, 'pictures went on').toBeGreaterThan(before.frames + 200);
  expect(await ada.longestFreeze_ms()).toBeLessThan(FREEZE_MS_MAX);
  await ada.seesAndHears(1);

  await hub.restart();
  await Promise.all([ada.until('the hub again', statusIs, 'connected', 30_000), bot.until('welcome', 2)]);
  await ada.sees(['Robot']);
  await ada.seesAndHears(1);
  const after = await connection(ada);
  expect({ made: after.made, id: after.id }, 'the same call, over the same connection').toEqual({ made: before.made, id: before.id });
  expect(await ada.longestFreeze_ms()).toBeLessThan(FREEZE_MS_MAX);
  for (const event of ['connection-closed', 'peer-left', 'place-lost']) expect(bot.count(event), event).toBe(0);
});

test('a bot that is killed holds its place for a while, and then it is gone', async () => {
  const { ada, bot } = await call('bot-killed');
  bot.program.kill('SIGKILL');
  await ada.until('the tile that says so', () => document.querySelector('[data-testid=tile][data-state=peer-disconnected]'));
  await ada.until('the tile gone', () => document.querySelectorAll('[data-testid=tile]').length === 1, undefined, 60_000);
});
