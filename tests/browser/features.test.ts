/** What people do in a call beside talking: chat, hands, screens, other devices; and that nothing is left after it. */
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Bot } from './lib/bot.ts';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';
import { pretendIce, pullOut, resources, watchResources } from './lib/resources.ts';

let hub: Hub;
let browser: Browser;
const people: Person[] = [];

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start(), launch()]);
});

afterEach(async () => {
  const errors = people.flatMap((person) => person.errors);
  await Promise.all(people.splice(0).map((person) => person.close()));
  expect(errors).toEqual([]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

async function person(room: string, name: string): Promise<Person> {
  const joined = await Person.join(browser, `${hub.origin}/r/${room}`, name, watchResources);
  people.push(joined);
  return joined;
}

async function couple(room: string): Promise<[Person, Person]> {
  const ada = await person(room, 'Ada');
  const bob = await person(room, 'Bob');
  await Promise.all([ada.sees(['Bob']), bob.sees(['Ada'])]);
  return [ada, bob];
}

async function say(who: Person, text: string): Promise<void> {
  await who.tab.getByTestId('chat-text').fill(text);
  await who.click('chat-send');
}

const reads = (who: Person, texts: string[]): Promise<void> =>
  who.until(
    `the messages ${texts.join(' | ')}`,
    (wanted) => {
      const shown = [...document.querySelectorAll('[data-testid=chat-message] .chat-text')];
      return JSON.stringify(shown.map((each) => each.textContent)) === JSON.stringify(wanted);
    },
    texts,
  );

const unread = (who: Person, count: string): Promise<void> =>
  who.until(
    `${count} unread`,
    (wanted) => (document.querySelector('[data-testid=unread]')?.textContent ?? '') === wanted,
    count,
  );

const handsUp = (who: Person, count: number): Promise<void> =>
  who.until(
    `${count} raised hands`,
    (wanted) => document.querySelectorAll('[data-testid=tile] .hand').length === wanted,
    count,
  );

/** The one pair of a call of two. */
async function pair(who: Person) {
  const { connections_made, pairs } = await who.diagnostics();
  const [only] = Object.values(pairs);
  if (!only) throw new Error('no pair');
  return { connections_made, ...only };
}

/** Waits until so many more frames of camera and of screen were decoded. */
async function decodesBoth(who: Person, frames = 10): Promise<void> {
  const before = await pair(who);
  await expect
    .poll(
      async () => {
        const now = await pair(who);
        const camera = now.frames_decoded - before.frames_decoded;
        return Math.min(camera, now.screen_frames_decoded - before.screen_frames_decoded);
      },
      { timeout: 45_000, interval: 200 },
    )
    .toBeGreaterThanOrEqual(frames);
}

const screens = (who: Person, count: number): Promise<void> =>
  who.until(
    `${count} screens`,
    (wanted) => document.querySelectorAll('[data-testid=screen-tile]').length === wanted,
    count,
  );

test('chat both ways, unread, and history for whoever comes later', async () => {
  const [ada, bob] = await couple('chat');
  await ada.click('chat');
  await say(ada, 'Hello,\nBob');
  await unread(bob, '1');
  await say(ada, 'Are you there?');
  await unread(bob, '2');
  await bob.click('chat');
  await reads(bob, ['Hello,\nBob', 'Are you there?']);
  await unread(bob, '');
  await say(bob, 'Yes.');
  const all = ['Hello,\nBob', 'Are you there?', 'Yes.'];
  await reads(ada, all);
  await unread(ada, '');

  const carol = await person('chat', 'Carol');
  await carol.sees(['Ada', 'Bob']);
  await unread(carol, '3');
  await carol.click('chat');
  await reads(carol, all);
  const names = await carol.tab.locator('[data-testid=chat-message] bdi').allTextContents();
  expect(names).toEqual(['Ada', 'Ada', 'Bob']);
  // Both told the history, and nobody shows anything twice; what is said now reaches all three.
  await say(carol, 'Me too.');
  await Promise.all([ada, bob, carol].map((each) => reads(each, [...all, 'Me too.'])));
});

test('nothing is written while the path is down, and all of it in order when it is back', async () => {
  const [ada, bob] = await couple('path');
  await ada.click('chat');
  await bob.click('chat');
  await say(ada, 'before');
  await reads(bob, ['before']);
  const { messages_written } = await resources(ada);
  await pretendIce(ada, 'disconnected');
  await say(ada, 'during');
  await say(ada, 'still');
  await ada.click('hand');
  await reads(ada, ['before', 'during', 'still']);
  expect((await resources(ada)).messages_written).toBe(messages_written);
  await pretendIce(ada, undefined);
  await reads(bob, ['before', 'during', 'still']);
  await handsUp(bob, 1);
  expect((await resources(ada)).messages_written).toBe(messages_written + 3);
});

test('markup in names and messages stays text', async () => {
  const markup = '<img src=x onerror="window.broken=1">';
  const ada = await person('markup', markup);
  const bob = await person('markup', 'Bob');
  await bob.sees([markup]);
  await ada.click('chat');
  await bob.click('chat');
  await ada.sees(['Bob']);
  await say(ada, `${markup}<b>bold</b>`);
  await Promise.all([ada, bob].map((each) => reads(each, [`${markup}<b>bold</b>`])));
  for (const each of [ada, bob]) {
    expect(await each.tab.locator('img, .chat-text b').count()).toBe(0);
    expect(await each.tab.evaluate(() => 'broken' in window)).toBe(false);
  }
});

test('a raised hand is seen by everyone, later ones too, until it goes down', async () => {
  const [ada, bob] = await couple('hand');
  await ada.click('hand');
  await Promise.all([handsUp(ada, 1), handsUp(bob, 1)]);
  const carol = await person('hand', 'Carol');
  await handsUp(carol, 1);
  await ada.click('hand');
  await Promise.all([ada, bob, carol].map((each) => handsUp(each, 0)));
});

test('a shared screen comes beside the camera, with sound, on the same connection', async () => {
  const [ada, bob] = await couple('screen');
  await ada.seesAndHears(1);
  const before = await pair(bob);
  expect(before.screen_frames_decoded).toBe(0);
  await screens(bob, 0);
  await ada.click('screen');
  await screens(bob, 1);
  await decodesBoth(bob);
  await expect.poll(async () => (await pair(bob)).screen_audio_energy_received, { timeout: 45_000 }).toBeGreaterThan(0);
  await bob.until('the picture of the screen', () => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid=screen-tile] video');
    return (video?.videoWidth ?? 0) > 640 && getComputedStyle(video!).objectFit === 'contain';
  });

  // Who comes later sees it as well.
  const carol = await person('screen', 'Carol');
  await screens(carol, 1);
  await carol.until('the picture of the screen', () => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid=screen-tile] video');
    return (video?.videoWidth ?? 0) > 640;
  });
  await carol.click('leave');

  // Ended by the browser's own button, then shared again.
  await pullOut(ada, 'video', 'screen');
  await screens(bob, 0);
  expect((await resources(ada)).tracks_live).toBe(2);
  await bob.until('Carol gone', () => document.querySelectorAll('[data-testid=tile]').length === 2);
  await ada.click('screen');
  await screens(bob, 1);
  await decodesBoth(bob);
  await ada.click('screen');
  await screens(bob, 0);
  expect((await resources(ada)).tracks_live).toBe(2);

  const { connection, connections_made } = await pair(bob);
  // Bob made one for Ada and one for Carol.
  expect([connection, connections_made]).toEqual([before.connection, before.connections_made + 1]);
});

test('another camera and microphone take over on the same connection, without a gap', async () => {
  const [ada, bob] = await couple('devices');
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);
  const before = await pair(bob);
  await bob.tab.evaluate(() => {
    const tile = document.querySelector('[data-testid=tile]:not([data-self])');
    const seen = { gaps: 0 };
    (window as unknown as { seen: typeof seen }).seen = seen;
    new MutationObserver(() => {
      const off = !tile?.classList.contains('with-picture') || tile.querySelector('.muted');
      if (off) seen.gaps += 1;
    }).observe(tile!, { attributes: true, childList: true, subtree: true });
  });

  await ada.click('more');
  await ada.click('menu-devices');
  for (const kind of ['camera', 'mic'] as const) {
    const choice = ada.tab.getByTestId(`choose-${kind}`);
    const used = await choice.inputValue();
    const others = await choice.locator('option').evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value));
    const other = others.at(-1)!;
    expect(other).not.toBe(used);
    const opened = (await resources(ada)).tracks;
    await choice.selectOption(other);
    await expect.poll(async () => (await resources(ada)).tracks, { timeout: 20_000 }).toBe(opened + 1);
    await expect.poll(async () => (await resources(ada)).tracks_live, { timeout: 20_000 }).toBe(2);
    expect(await choice.inputValue()).toBe(other);
    await bob.seesAndHears(1);
  }
  expect(await bob.tab.evaluate(() => (window as unknown as { seen: { gaps: number } }).seen.gaps)).toBe(0);

  const speaker = ada.tab.getByTestId('choose-speaker');
  const outputs = await speaker.locator('option').evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value));
  await speaker.selectOption(outputs.at(-1)!);
  await ada.until(
    'every sound at the chosen speaker',
    (id) => [...document.querySelectorAll('audio')].every((audio) => audio.sinkId === id),
    outputs.at(-1)!,
  );
  const { connection, connections_made } = await pair(bob);
  expect([connection, connections_made]).toEqual([before.connection, before.connections_made]);
});

test('a microphone that is pulled out is replaced, and it says so', async () => {
  const [ada, bob] = await couple('unplugged');
  await bob.seesAndHears(1);
  await pullOut(ada, 'audio', 'device');
  await ada.until('the remark', () => document.querySelector('[data-testid=remark-mic]'));
  await expect.poll(async () => (await resources(ada)).tracks_live, { timeout: 20_000 }).toBe(2);
  await bob.seesAndHears(1);
  await ada.tab.getByTestId('remark-mic').getByRole('button').click();
  await ada.until('the remark gone', () => !document.querySelector('[data-testid=remark-mic]'));
});

test('who speaks is marked until muted, and each connection shows how good it is', async () => {
  const [ada, bob] = await couple('speaking');
  const speaks = (who: Person, whose: string, is: boolean): Promise<void> =>
    who.until(
      `${whose} ${is ? 'speaking' : 'silent'}`,
      ([tile, wanted]) => (document.querySelector(`[data-testid=tile]${tile}.speaking`) !== null) === wanted,
      [whose, is] as const,
    );
  await speaks(bob, ':not([data-self])', true);
  // A page may read its own microphone only after it was touched.
  await ada.tab.mouse.click(5, 5);
  await speaks(ada, '[data-self]', true);
  await ada.click('mic');
  await speaks(bob, ':not([data-self])', false);
  await speaks(ada, '[data-self]', false);
  await bob.until('the quality of the connection', () => {
    const level = document.querySelector('[data-testid=tile]:not([data-self]) [data-testid=quality]');
    return level?.getAttribute('data-level') === 'good' && /ms/.test(level.getAttribute('title') ?? '');
  });
});

test('a bot that makes a sound is marked as well, though it does not tell its level', async () => {
  const ada = await person('bot-speaking', 'Ada');
  const bot = new Bot(`${hub.origin}/r/bot-speaking`, 'Robot', '--video', 'none', '--audio', 'tone');
  try {
    await ada.sees(['Robot']);
    await ada.until('the bot speaking', () => document.querySelector('[data-testid=tile]:not([data-self]).speaking'));
  } finally {
    bot.program.kill();
  }
});

test('nothing is left after leaving: no track, no connection, no timer', async () => {
  const [ada, bob] = await couple('leaving');
  await Promise.all([ada.seesAndHears(1), bob.seesAndHears(1)]);
  await ada.click('screen');
  await screens(bob, 1);
  await ada.until('a quality', () => document.querySelector('[data-testid=quality]'));
  const during = await resources(ada);
  expect(during).toMatchObject({ tracks_live: 4, connections_open: 1, sound_contexts_open: 1 });
  expect(during.intervals_running).toBeGreaterThanOrEqual(3);
  await ada.click('leave');
  await ada.until('the page after the call', () => document.querySelector('[data-testid=rejoin]'));
  await expect
    .poll(() => resources(ada), { timeout: 20_000 })
    .toMatchObject({ tracks_live: 0, connections_open: 0, intervals_running: 0, sound_contexts_open: 0 });
  expect(await ada.tab.getByTestId('summary').textContent()).toContain('%');
  await bob.until('Ada gone', () => document.querySelectorAll('[data-testid=tile]').length === 1);
  await screens(bob, 0);
  await ada.click('rejoin');
  await ada.until('the lobby or the call', () => document.querySelector('[data-testid=leave], [data-testid=join]'));
});
