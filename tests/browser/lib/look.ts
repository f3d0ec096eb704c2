/** What a person would see at once: a page wider than its screen, text that is cut, buttons under something else. */
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Person } from './page.ts';

const FOLDER = fileURLToPath(new URL('../../artifacts/', import.meta.url));
/** Nobody looks at these, but nothing may be cut there either: a phone on its side, and the narrowest there is. */
const MORE_SIZES = [
  { width: 844, height: 390 },
  { width: 320, height: 568 },
];
const SIZES = [
  { width: 1280, height: 800 },
  { width: 390, height: 844 },
  { width: 360, height: 640 },
];

/** Takes the picture in each size and scheme, and looks for what is wrong with it. */
export async function pictures(person: Person, state: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const size of MORE_SIZES) {
    await resize(person, size);
    await shoot(person, `${state}-${size.width}x${size.height}`);
    expect(await faults(person), `${state} at ${size.width}x${size.height}`).toEqual([]);
  }
  for (const size of SIZES) {
    await resize(person, size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await person.tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const name = `${state}-${size.width}x${size.height}-${colorScheme}`;
      await person.tab.screenshot({ path: `${FOLDER}${name}.png` });
      expect(await faults(person), name).toEqual([]);
    }
  }
}

/** A picture for people, of a state of which none are asked for otherwise. */
export async function shoot(person: Person, name: string): Promise<void> {
  if (process.env['HOLDFAST_PICTURES'] !== 'all') return;
  mkdirSync(FOLDER, { recursive: true });
  await person.tab.screenshot({ path: `${FOLDER}${name}.png` });
}

/** Gives the window another size and waits for the layout. */
export async function resize(person: Person, size: { width: number; height: number }): Promise<void> {
  await person.tab.setViewportSize(size);
  // The layout follows a new size with the next frames.
  await person.tab.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** What is wrong with the page as it stands, in words. */
export async function faults(person: Person): Promise<string[]> {
  return person.tab.evaluate(() => {
    const found: string[] = [];
    // A name of any length ends in dots; these are the places where that is wanted.
    const dots = '.call-head h1, .tile-words, [data-place=strip] .tile-state-words *, select, input, .sr-only, .sr-only *, .chat-who bdi';
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide on a screen of ${clientWidth}`);
    const say = (what: string, element: Element): void => {
      found.push(`${what}: <${element.tagName.toLowerCase()} class="${element.className}"> ${element.textContent?.slice(0, 40)}`);
    };
    const own = (element: Element): boolean =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim() !== '');
    const modal = document.querySelector('dialog[open]');
    for (const tile of document.querySelectorAll('.tile')) {
      const { width, height } = tile.getBoundingClientRect();
      if (Math.min(width, height) < 40) say(`a tile of ${Math.round(width)}x${Math.round(height)}`, tile);
    }
    for (const element of (modal ?? document.body).querySelectorAll<HTMLElement>('*')) {
      const box = element.getBoundingClientRect();
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || box.width === 0) continue;
      // There for readers only.
      if (box.width <= 1 && box.height <= 1) continue;
      if (own(element) && !element.closest(dots)) {
        if (element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== 'inline') say('text is cut', element);
        if (box.right > innerWidth + 1 || box.left < -1) say('text is outside the screen', element);
      }
      const scrolls = element.closest('.recent ul, .menu, dialog') !== null && !inView(element);
      if (element.matches('button, select, input') && !scrolls) reachable(element, box, say);
    }
    return found;

    /** Whether a part of a list that scrolls is where one can see it. */
    function inView(element: Element): boolean {
      const box = element.getBoundingClientRect();
      const list = element.closest('.recent ul, .menu, dialog')?.getBoundingClientRect();
      return !list || (box.top >= list.top && box.bottom <= list.bottom);
    }

    /** A click in the middle or at either end must reach it; a page may scroll down, but not a call. */
    function reachable(element: HTMLElement, box: DOMRect, tell: typeof say): void {
      const y = box.y + box.height / 2;
      if (box.bottom > innerHeight && !document.querySelector('.call')) return;
      const menu = document.querySelector('.menu, .call-main .chat');
      for (const x of [box.x + 4, box.x + box.width / 2, box.right - 4]) {
        const hit = document.elementFromPoint(x, y);
        const reached = hit && (element.contains(hit) || (menu?.contains(hit) && !menu.contains(element)));
        if (!reached) return tell('covered or outside', element);
      }
    }
  });
}
