/** What a first visit costs, and how long after the click on join the other one's picture is there. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bot } from '../lib/bot.ts';
import { Hub } from '../lib/hub.ts';
import { launch } from '../lib/page.ts';

const RUNS = Number(process.env['HOLDFAST_FIGURE_RUNS'] ?? 12);
const RESULTS = fileURLToPath(new URL('../../artifacts/bench/', import.meta.url));

interface Visit {
  what: string;
  requests: number;
  plain_bytes: number;
  gzip_bytes: number;
  brotli_bytes: number;
  all_bytes: number;
}

/** When something happened on one page, in milliseconds since the epoch, which all pages of this machine share. */
interface Marks {
  join_clicked_ms?: number;
  picture_ms?: number;
}

let hub: Hub;
let browser: Browser;
const load_average: [number, number] = [loadavg()[0]!, 0];
const visits: Visit[] = [];
const pictures: { what: string; runs_ms: number[] }[] = [];

beforeAll(async () => {
  // Every run is another room and many come from one address: strangers' limits are not what is measured.
  [hub, browser] = await Promise.all([Hub.start('--limits', 'off'), launch()]);
});

afterAll(async () => {
  load_average[1] = loadavg()[0]!;
  const name = `Chromium ${browser?.version() ?? ''}, headless`;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    `${RESULTS}browser.json`,
    `${JSON.stringify({ browser: name, load_average, visits, pictures }, null, 2)}\n`,
  );
  await browser?.close();
  await hub?.close();
});

/** Bytes of an answer's body as the hub sends it. */
function sent(path: string, coding: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${hub.origin}${path}`, { headers: { 'accept-encoding': coding } }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.on('end', () => resolve(bytes));
    }).on('error', reject);
  });
}

/** Opens `path` for the first time and adds up what the page loads until it is quiet and `ready` is there. */
async function visit(what: string, path: string, ready: string): Promise<void> {
  const context = await browser.newContext();
  const tab = await context.newPage();
  const loaded: { path: string; type: string }[] = [];
  tab.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol === 'http:') loaded.push({ path: url.pathname, type: request.resourceType() });
  });
  await tab.goto(`${hub.origin}${path}`, { waitUntil: 'networkidle' });
  await tab.getByTestId(ready).waitFor();
  await context.close();
  const sum = async (paths: string[], coding: string): Promise<number> => {
    const all = await Promise.all(paths.map((each) => sent(each, coding)));
    return all.reduce((total, bytes) => total + bytes, 0);
  };
  const code = loaded.filter(({ path }) => /\.(js|css)$/.test(path)).map((each) => each.path);
  expect(code.length, JSON.stringify(loaded)).toBeGreaterThan(1);
  visits.push({
    what,
    requests: loaded.length,
    plain_bytes: await sum(code, 'identity'),
    gzip_bytes: await sum(code, 'gzip'),
    brotli_bytes: await sum(code, 'br'),
    all_bytes: await sum(
      loaded.map((each) => each.path),
      'br',
    ),
  });
}

/** Notes the click on join and the first picture of somebody else, in the page itself and not over the wire to here. */
function watch(tab: Tab): Promise<unknown> {
  return tab.addInitScript(() => {
    const marks: Marks = {};
    (window as unknown as { marks: Marks }).marks = marks;
    const now_ms = (): number => performance.timeOrigin + performance.now();
    const onClick = (event: Event): void => {
      if ((event.target as Element).closest('[data-testid=join]')) marks.join_clicked_ms ??= now_ms();
    };
    addEventListener('click', onClick, { capture: true });
    const watched = new WeakSet<HTMLVideoElement>();
    const look = (): void => {
      for (const video of document.querySelectorAll<HTMLVideoElement>('[data-testid=tile]:not([data-self]) video')) {
        if (watched.has(video)) continue;
        watched.add(video);
        video.requestVideoFrameCallback(() => (marks.picture_ms ??= now_ms()));
      }
    };
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  });
}

/** Somebody before the door of a room, with the camera on. */
async function lobby(room_url: string, name: string): Promise<{ tab: Tab; close(): Promise<void> }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const tab = await context.newPage();
  await watch(tab);
  await tab.goto(`${room_url}?name=${name}`);
  await tab.waitForFunction(() => {
    const preview = document.querySelector('video');
    return preview !== null && preview.videoWidth > 0;
  });
  return { tab, close: () => context.close() };
}

/** The marks of a page once it has both. */
async function marks(tab: Tab): Promise<Required<Marks>> {
  await tab.waitForFunction(() => (window as unknown as { marks: Marks }).marks.picture_ms !== undefined);
  return tab.evaluate(() => (window as unknown as { marks: Required<Marks> }).marks);
}

test('what a first visit costs', async () => {
  await visit('landing', '/', 'start-room');
  await visit('a room’s link', '/r/first-visit', 'join');
});

test('a page joins a page', async () => {
  const joiner_ms: number[] = [];
  const waiting_ms: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const url = `${hub.origin}/r/page-page-${run}`;
    const [ada, bob] = await Promise.all([lobby(url, 'Ada'), lobby(url, 'Bob')]);
    await ada.tab.getByTestId('join').click();
    await ada.tab.getByTestId('tile').waitFor();
    await bob.tab.getByTestId('join').click();
    const [hers, his] = await Promise.all([marks(ada.tab), marks(bob.tab)]);
    joiner_ms.push(his.picture_ms - his.join_clicked_ms);
    waiting_ms.push(hers.picture_ms - his.join_clicked_ms);
    await Promise.all([ada.close(), bob.close()]);
    console.log(`page joins page, ${run + 1} of ${RUNS}: ${joiner_ms.at(-1)!.toFixed(0)} ms`);
  }
  pictures.push({ what: 'a page joins a page: who joins sees the other', runs_ms: joiner_ms });
  pictures.push({ what: 'a page joins a page: who waits sees the joiner', runs_ms: waiting_ms });
});

test('a page joins a bot', async () => {
  const runs_ms: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const url = `${hub.origin}/r/page-bot-${run}`;
    const bot = new Bot(url, 'Robot', '--video', 'test', '--audio', 'tone');
    const ada = await lobby(url, 'Ada');
    await bot.until('joined');
    await ada.tab.getByTestId('join').click();
    const { join_clicked_ms, picture_ms } = await marks(ada.tab);
    runs_ms.push(picture_ms - join_clicked_ms);
    await ada.close();
    await bot.leave();
    console.log(`page joins bot, ${run + 1} of ${RUNS}: ${runs_ms.at(-1)!.toFixed(0)} ms`);
  }
  pictures.push({ what: 'a page joins a bot: the page sees the bot', runs_ms });
});
