/** axe in the page: what is wrong for those who use a keyboard, a reader or more contrast. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'vitest';
import { faults, resize, shoot } from './look.ts';
import type { Person } from './page.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A wide screen, a phone on its side and a narrow phone upright. */
const SIZES = [
  { width: 1280, height: 800 },
  { width: 844, height: 390 },
  { width: 360, height: 640 },
];

interface Finding {
  id: string;
  impact: string | null;
  nodes: { target: unknown[]; failureSummary?: string }[];
}

/** No serious or critical finding, in light and in dark. */
export async function accessible(person: Person, state: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.tab.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // The page's CSP allows no script element, so axe comes in by the debugger.
    if (!(await person.tab.evaluate(() => 'axe' in window))) {
      const debug = await person.tab.context().newCDPSession(person.tab);
      await debug.send('Runtime.evaluate', { expression: AXE });
      await debug.detach();
    }
    const violations = await person.tab.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(options: object): Promise<{ violations: Finding[] }> } };
      return (await axe.run({ resultTypes: ['violations'] })).violations;
    });
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    const words = bad.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join('; ')}`);
    expect(words, `${state}, ${colorScheme}`).toEqual([]);
  }
}

/** The same in every size, where nothing may be cut or covered either; `still` holds before and after. */
export async function accessibleEverywhere<A>(
  person: Person,
  state: string,
  still: (arg: A) => unknown,
  arg?: A,
): Promise<void> {
  for (const size of SIZES) {
    const name = `${state} at ${size.width}x${size.height}`;
    await resize(person, size);
    await person.until(name, still, arg);
    await accessible(person, name);
    await shoot(person, `${state}-${size.width}x${size.height}-dark`);
    expect(await faults(person), name).toEqual([]);
    expect(await person.tab.evaluate(still as (arg: unknown) => unknown, arg), `${name}, until the end`).toBeTruthy();
  }
  await resize(person, SIZES[0]!);
}
