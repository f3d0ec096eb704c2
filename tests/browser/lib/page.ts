/** Real Chromium with the real page: what a person does there, and what can be read off it. */
import { chromium, type Browser, type BrowserContext, type Page as Tab } from 'playwright-core';
import { existsSync } from 'node:fs';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-ui-for-media-stream',
  // Several, so that there is one to change to. The second camera's pixels are not for encoding (16 bits of grey).
  '--use-fake-device-for-media-stream=device-count=3',
  '--autoplay-policy=no-user-gesture-required',
];

function browserPath(): string {
  const named = process.env['HOLDFAST_CHROMIUM'];
  const paths = ['/usr/bin/chromium', '/usr/bin/google-chrome', '/usr/bin/chromium-browser'];
  const found = named ?? paths.find((path) => existsSync(path));
  if (!found) throw new Error('no Chromium found: run tests/setup.sh, or set HOLDFAST_CHROMIUM');
  return found;
}

/** Starts a browser; `camera` is a y4m file that its camera shows. */
export function launch(camera?: string): Promise<Browser> {
  const args = camera ? [...FLAGS, `--use-file-for-fake-video-capture=${camera}`] : FLAGS;
  return chromium.launch({ executablePath: browserPath(), headless: true, args });
}

/** What the page says of one pair; the same as `PairFigures` in `web/src/effects/`. */
export interface PairFigures {
  connection: string;
  ice: string;
  frames_decoded: number;
  frames_encoded: number;
  audio_samples_received: number;
  audio_energy_received: number;
  screen_frames_decoded: number;
  screen_audio_energy_received: number;
}

interface Diagnostics {
  connections_made: number;
  pairs: Record<string, PairFigures>;
}

/** A person in the page, with storage of their own. */
export class Person {
  readonly tab: Tab;
  readonly #context: BrowserContext;
  /** What the console called an error, and what was thrown. */
  readonly errors: string[] = [];

  private constructor(context: BrowserContext, tab: Tab) {
    this.#context = context;
    this.tab = tab;
    tab.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
    tab.on('pageerror', (error) => this.errors.push(String(error)));
  }

  /** `before` runs in the page before anything of its own does. */
  static async open(
    browser: Browser,
    url: string,
    viewport = { width: 1280, height: 800 },
    before?: () => void,
    locale = 'en-US',
  ): Promise<Person> {
    const context = await browser.newContext({ viewport, locale });
    if (before) await context.addInitScript(before);
    const person = new Person(context, await context.newPage());
    await person.tab.goto(url);
    return person;
  }

  /** Another tab of the same browser, with the same storage. */
  async beside(url: string): Promise<Person> {
    const person = new Person(this.#context, await this.#context.newPage());
    await person.tab.goto(url);
    return person;
  }

  /** The tab's process dies; what it said last is all there is. */
  async crash(): Promise<void> {
    const crashed = this.tab.waitForEvent('crash');
    const debug = await this.#context.newCDPSession(this.tab);
    // It is never answered.
    void debug.send('Page.crash').catch(() => undefined);
    await crashed;
    await this.tab.close();
  }

  /** Closes this tab alone. To the hub that is the same as a crash. */
  closeTab(): Promise<void> {
    return this.tab.close();
  }

  /** Opens a room's link and joins without a click. */
  static async join(browser: Browser, room_url: string, name: string, before?: () => void): Promise<Person> {
    const url = `${room_url}?name=${encodeURIComponent(name)}&autojoin=1`;
    const person = await Person.open(browser, url, undefined, before);
    // Its own tile: before that the page has a button to leave as well, one that gives up joining.
    await person.until('the call', () => document.querySelector('[data-testid=tile]') !== null);
    return person;
  }

  /** Waits until `condition` holds in the page. */
  async until<A>(what: string, condition: (arg: A) => unknown, arg?: A, limit_ms = 45_000): Promise<void> {
    await this.tab
      .waitForFunction(condition as (arg: unknown) => unknown, arg, { timeout: limit_ms, polling: 100 })
      .catch(async (error: unknown) => {
        const text = await this.tab.evaluate(() => document.body.innerText).catch(() => '');
        throw new Error(`not in time: ${what}\npage: ${text}\nconsole: ${this.errors.join('\n')}\n${String(error)}`);
      });
  }

  /** Waits until the call shows exactly these other people, each connected. */
  async sees(names: string[], limit_ms = 45_000): Promise<void> {
    await this.until(
      `connected tiles of ${names.join(', ')}`,
      (wanted) => {
        const tiles = [...document.querySelectorAll('[data-testid=tile]:not([data-self])')];
        const up = tiles.filter((tile) => tile.getAttribute('data-state') === 'connected');
        const text = up.map((tile) => tile.textContent ?? '');
        return tiles.length === wanted.length && wanted.every((name) => text.some((each) => each.includes(name)));
      },
      names,
      limit_ms,
    );
  }

  /** Waits until every pair has decoded at least so many more frames, with sound that is not silence. */
  async seesAndHears(pairs: number, frames = 20, limit_ms = 45_000): Promise<void> {
    const before = await this.diagnostics();
    const deadline_ms = Date.now() + limit_ms;
    for (;;) {
      const now = await this.diagnostics();
      const entries = Object.entries(now.pairs);
      const flowing = entries.filter(([id, pair]) => {
        const old = before.pairs[id];
        const decoded = pair.frames_decoded - (old?.frames_decoded ?? 0);
        const heard = pair.audio_samples_received - (old?.audio_samples_received ?? 0);
        return decoded >= frames && heard > 48_000 * 0.2 && pair.audio_energy_received > (old?.audio_energy_received ?? 0);
      });
      if (entries.length === pairs && flowing.length === pairs) return;
      if (Date.now() > deadline_ms) throw new Error(`media does not flow on every pair: ${JSON.stringify(now)}`);
      await this.tab.waitForTimeout(200);
    }
  }

  /** The page's own figures. */
  async diagnostics(): Promise<Diagnostics> {
    return this.tab.evaluate(() =>
      (window as unknown as { holdfastDiagnostics: { stats(): Promise<Diagnostics> } }).holdfastDiagnostics.stats(),
    );
  }

  /** From now on, notes the longest time between two new pictures of the first remote tile; read by {@link longestFreeze_ms}. */
  async watchPicture(): Promise<void> {
    await this.tab.evaluate(() => {
      const video = document.querySelector<HTMLVideoElement>('[data-testid=tile]:not([data-self]) video');
      if (!video) throw new Error('no remote picture');
      const seen = { last_ms: performance.now(), longest_ms: 0, frames: 0 };
      (window as unknown as { watched: typeof seen }).watched = seen;
      const onFrame = (): void => {
        const now_ms = performance.now();
        seen.longest_ms = Math.max(seen.longest_ms, now_ms - seen.last_ms);
        seen.last_ms = now_ms;
        seen.frames += 1;
        video.requestVideoFrameCallback(onFrame);
      };
      video.requestVideoFrameCallback(onFrame);
    });
  }

  /** The longest time without a new picture since {@link watchPicture}, the present one included. */
  async longestFreeze_ms(): Promise<number> {
    return this.tab.evaluate(() => {
      const seen = (window as unknown as { watched: { last_ms: number; longest_ms: number } }).watched;
      return Math.max(seen.longest_ms, performance.now() - seen.last_ms);
    });
  }

  click(testid: string): Promise<void> {
    return this.tab.getByTestId(testid).click();
  }

  close(): Promise<void> {
    return this.#context.close();
  }
}
