/** A full call of real pages on one machine: every pair decodes pictures and sound, both ways; a seventh is told why not. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Hub } from './lib/hub.ts';
import { Person, launch } from './lib/page.ts';
import { resources, watchResources } from './lib/resources.ts';

const PEOPLE = 6;
const FRAMES = 30;
/** Thirty encoders and thirty decoders on few cores take their time. */
const LIMIT_MS = 120_000;

let hub: Hub;
let browser: Browser;

beforeAll(async () => {
  [hub, browser] = await Promise.all([Hub.start(), launch()]);
});

afterAll(async () => {
  await browser?.close();
  await hub?.close();
});

test('six pages see and hear each other, and the seventh is told that the room is full', async () => {
  const url = `${hub.origin}/r/six`;
  const people: Person[] = [];
  const names = (but: Person): string[] => people.flatMap((each, at) => (each === but ? [] : [`Person ${at + 1}`]));
  for (let at = 1; at <= PEOPLE; at += 1) {
    const person = await Person.join(browser, url, `Person ${at}`, watchResources);
    people.push(person);
    // One after the other: an offer that a starved machine answers after 6 s only is made anew, by design.
    await person.sees(names(person), LIMIT_MS);
  }
  await Promise.all(people.map((person) => person.sees(names(person), LIMIT_MS)));
  await Promise.all(people.map((person) => person.seesAndHears(PEOPLE - 1, FRAMES, LIMIT_MS)));
  for (const person of people) {
    // Built once: none was given up and made anew, and none is left over.
    const { connections, connections_open } = await resources(person);
    expect({ connections, connections_open }).toEqual({ connections: PEOPLE - 1, connections_open: PEOPLE - 1 });
    expect(await person.tab.getByTestId('tile').count()).toBe(PEOPLE);
    await person.until('small pictures of all', () => {
      const videos = [...document.querySelectorAll<HTMLVideoElement>('[data-testid=tile] video')];
      return videos.every(({ videoWidth }) => videoWidth > 0 && videoWidth <= 320);
    });
  }

  const late = await Person.open(browser, `${url}?name=Late&autojoin=1`);
  await late.tab.getByTestId('rejoin').waitFor();
  expect(await late.tab.getByTestId('status').innerText()).toMatch(/This room is full\..*Try again when someone has left/s);

  // There is room again as soon as one leaves.
  await people[0]?.click('leave');
  await people[1]?.until('one gone', () => document.querySelectorAll('[data-testid=tile]').length === 5);
  await late.click('rejoin');
  await late.sees(names(people[0]!), LIMIT_MS);
  expect([...people, late].flatMap(({ errors }) => errors)).toEqual([]);
}, 300_000);
