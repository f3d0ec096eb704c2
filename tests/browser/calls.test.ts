/** Calls with real people and bots: on every pair decoded pictures and sound, both ways, and a clean console. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { QUARTERS, lastFrameQuarters, makeCamera, peak_db, probe } from './lib/media.ts';
import { Person, launch } from './lib/page.ts';

let folder: string;
let hub: Hub;
let browser: Browser;
const people: Person[] = [];
const bots: Bot[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-calls-'));
  await makeCamera(join(folder, 'camera.y4m'));
  [hub, browser] = await Promise.all([Hub.start(), launch(join(folder, 'camera.y4m'))]);
});

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.program.kill();
  await Promise.all(people.splice(0).map((person) => person.close()));
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const room = (name: string): string => `${hub.origin}/r/${name}`;

async function person(url: string, name: string): Promise<Person> {
  const joined = await Person.join(browser, url, name);
  people.push(joined);
  return joined;
}

function bot(url: string, name: string, ...args: string[]): Bot {
  const started = new Bot(url, name, ...args);
  bots.push(started);
  return started;
}

/** The files a bot recorded, each decoded to its end: pictures of every frame, sound above silence. */
async function recorded(dir: string, remotes: number): Promise<string[]> {
  const files = readdirSync(dir).map((file) => join(dir, file));
  const pictures = files.filter((file) => file.endsWith('.ivf'));
  const sounds = files.filter((file) => file.endsWith('.ogg'));
  expect(pictures, `pictures in ${files.join()}`).toHaveLength(remotes);
  expect(sounds, `sounds in ${files.join()}`).toHaveLength(remotes);
  for (const file of pictures) {
    const { codec, frames } = await probe(file);
    expect(codec).toBe('vp8');
    expect(frames, file).toBeGreaterThan(20);
  }
  for (const file of sounds) {
    expect((await probe(file)).codec).toBe('opus');
    expect(await peak_db(file), file).toBeGreaterThan(-40);
  }
  return pictures;
}

test('page ↔ page', async () => {
  const ada = await person(room('page-page'), 'Ada');
  const bob = await person(room('page-page'), 'Bob');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);

  await ada.click('mic');
  await bob.until('the mark that Ada is muted', () => document.querySelector('[data-testid=tile]:not([data-self]) [aria-label=muted]'));
  await ada.click('leave');
  await bob.until('Ada gone', () => document.querySelectorAll('[data-testid=tile]').length === 1);
  expect([...ada.errors, ...bob.errors]).toEqual([]);
});

test('page ↔ bot, and what the bot records is the picture of the page', async () => {
  const dir = mkdtempSync(join(folder, 'record-'));
  const ada = await person(room('page-bot'), 'Ada');
  const robot = bot(room('page-bot'), 'Robot', '--video', 'test', '--audio', 'tone', '--record', dir, '--expect-media');
  await ada.sees(['Robot']);
  await Promise.all([ada.seesAndHears(1, 40), robot.mediaFlows(1)]);
  expect(await robot.leave(), robot.program.lines.join('\n')).toBe(0);
  await ada.until('the bot gone', () => document.querySelectorAll('[data-testid=tile]').length === 1);
  const [picture] = await recorded(dir, 1);
  const quarters = await lastFrameQuarters(picture!);
  QUARTERS.forEach((wanted, index) => {
    wanted.forEach((value, channel) => {
      expect(Math.abs(quarters[index]![channel]! - value), `quarter ${index}: ${quarters[index]!.join()}`).toBeLessThan(60);
    });
  });
  expect(ada.errors).toEqual([]);
});

test('bot ↔ bot', async () => {
  const dirs = [mkdtempSync(join(folder, 'one-')), mkdtempSync(join(folder, 'two-'))] as const;
  const args = ['--video', 'test', '--audio', 'tone', '--for', '6s', '--expect-media'];
  const one = bot(room('bot-bot'), 'One', ...args, '--record', dirs[0]);
  const two = bot(room('bot-bot'), 'Two', ...args, '--record', dirs[1]);
  expect(await one.program.exit(), one.program.lines.join('\n')).toBe(0);
  expect(await two.program.exit(), two.program.lines.join('\n')).toBe(0);
  await recorded(dirs[0], 1);
  await recorded(dirs[1], 1);
});

test('a bot alone does not get the media it expects', async () => {
  const alone = bot(room('alone'), 'Alone', '--video', 'test', '--audio', 'tone', '--for', '3s', '--expect-media');
  const code = await alone.program.exit();
  expect(code).not.toBe(0);
  expect(typeof code, String(code)).toBe('number');
});

test('a mesh of four: two pages, two bots', async () => {
  const dirs = [mkdtempSync(join(folder, 'mesh-')), mkdtempSync(join(folder, 'mesh-'))] as const;
  const url = room('mesh');
  const [ada, bob] = await Promise.all([person(url, 'Ada'), person(url, 'Bob')]);
  const args = ['--video', 'test', '--audio', 'tone', '--expect-media', '--record'];
  const one = bot(url, 'One', ...args, dirs[0]);
  const two = bot(url, 'Two', ...args, dirs[1]);
  await Promise.all([ada.sees(['Bob', 'One', 'Two']), bob.sees(['Ada', 'One', 'Two'])]);
  await Promise.all([ada.seesAndHears(3, 40), bob.seesAndHears(3, 40), one.mediaFlows(3), two.mediaFlows(3)]);
  expect(await one.leave(), one.program.lines.join('\n')).toBe(0);
  expect(await two.leave(), two.program.lines.join('\n')).toBe(0);
  await recorded(dirs[0], 3);
  await recorded(dirs[1], 3);
  expect([...ada.errors, ...bob.errors]).toEqual([]);
});

test('one more than the mesh takes is told so', async () => {
  const url = room('full');
  const joined = Array.from({ length: 6 }, (_, index) => bot(url, `Bot ${index}`, '--video', 'none', '--audio', 'none'));
  await Promise.all(joined.map((each) => each.until('joined')));
  const late = await Person.open(browser, `${url}?name=Late&autojoin=1`);
  people.push(late);
  await late.until('the refusal', () => document.querySelector('[data-testid=status][data-state=refused]') !== null);
  expect(await late.tab.evaluate(() => document.body.innerText)).toMatch(/full/i);
});
