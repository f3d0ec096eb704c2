/** People on the first page, who can be called: going online, finding each other, ringing, and how a call ended. */
import type { Browser } from 'playwright-core';
import type { Hub } from './hub.ts';
import { Person } from './page.ts';
import { resources, watchResources } from './resources.ts';

/** Opens the first page under a name and waits until the hub knows of it. */
export async function online(browser: Browser, origin: string, name: string): Promise<Person> {
  const url = `${origin}/?name=${encodeURIComponent(name)}`;
  const person = await Person.open(browser, url, undefined, watchResources);
  await isOnline(person);
  return person;
}

export function isOnline(person: Person): Promise<void> {
  return person.tab.locator('[data-testid=presence][data-state=online]').waitFor();
}

/** The row of somebody in the directory, once it says that they do this. */
export async function listed(person: Person, name: string, presence: string): Promise<void> {
  await person.until(
    `${name} ${presence} in the directory`,
    ([who, what]) => {
      const rows = [...document.querySelectorAll(`[data-testid=person][data-presence=${what}]`)];
      return rows.some((row) => row.querySelector('bdi')?.textContent === who);
    },
    [name, presence] as const,
  );
}

/** Looks somebody up in the directory and calls them. */
export async function callByName(person: Person, name: string): Promise<void> {
  await person.tab.getByTestId('directory-search').fill(name);
  await listed(person, name, 'online');
  await person.tab.getByTestId('person').filter({ hasText: name }).getByTestId('call-person').click();
}

/** It rings there, and is heard to. */
export async function rings(caller: Person, callee: Person, name: string): Promise<void> {
  await caller.tab.locator('[data-testid=calling][data-ringing=true]').waitFor();
  await callee.tab.getByTestId('incoming').getByText(`${name} is calling`).waitFor();
  for (const person of [caller, callee]) await sounds(person);
}

/** Tones are played, now or soon; or none any more. */
export async function sounds(person: Person, wanted = true): Promise<void> {
  await person.until(
    wanted ? 'a tone' : 'silence',
    (on) => {
      const { ringing } = (window as unknown as { watched_resources: { ringing: Set<AudioContext> } }).watched_resources;
      return on === [...ringing].some(({ state }) => state !== 'closed');
    },
    wanted,
  );
}

/** Nothing rings, is open, counts down or is sent. */
export async function quiet(person: Person): Promise<void> {
  await person.until('silence', () => {
    const { contexts } = (window as unknown as { watched_resources: { contexts: AudioContext[] } }).watched_resources;
    return !document.querySelector('dialog[open]') && contexts.every(({ state }) => state === 'closed');
  });
  const { tracks_live, connections_open, intervals_running } = await resources(person);
  const left = { tracks_live, connections_open, intervals_running };
  if (Object.values(left).some((count) => count > 0)) throw new Error(`left over: ${JSON.stringify(left)}`);
}

/** Waits for the screen after a call, and what it says of why. */
export async function ended(person: Person, why: string): Promise<void> {
  await person.until(
    `the end of the call: ${why}`,
    (wanted) => {
      const status = document.querySelector('[data-testid=status][data-state=left], [data-testid=status][data-state=refused]');
      return status !== null && (status.getAttribute('data-why') ?? '') === wanted;
    },
    why,
  );
}

/** A row of the call log, as the hub's API shows it. */
export interface Row {
  id: string;
  status: string;
  reason?: string;
  outages?: unknown[];
}

/** The person's calls by the hub's own account, newest first. */
export async function log(hub: Hub, person: Person): Promise<Row[]> {
  const guest = await person.tab.evaluate(() => localStorage.getItem('holdfast.guest') ?? '{}');
  const { user, secret } = JSON.parse(guest) as { user: string; secret: string };
  const answer = await fetch(`${hub.origin}/api/calls`, { headers: { authorization: `Basic ${btoa(`${user}:${secret}`)}` } });
  if (!answer.ok) throw new Error(`/api/calls answers ${answer.status}`);
  return ((await answer.json()) as { calls: Row[] }).calls;
}

/** The id of the call that the page is in. */
export function callId(person: Person): Promise<string | undefined> {
  return person.tab.evaluate(() => {
    const stored = sessionStorage.getItem('holdfast.call');
    return stored === null ? undefined : (JSON.parse(stored) as { call: string }).call;
  });
}
