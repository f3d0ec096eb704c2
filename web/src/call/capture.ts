/**
 * How large a picture the camera takes. In a mesh each page encodes its picture once for every other and decodes all of
 * theirs, so the more people there are the smaller it is. Pure.
 */
import type { State } from './state.ts';

export interface Capture {
  width_px: number;
  height_px: number;
  frames_per_s: number;
}

/** Up to so many people, oneself included. */
const STEPS: { people_max: number; capture: Capture }[] = [
  { people_max: 3, capture: { width_px: 640, height_px: 360, frames_per_s: 24 } },
  { people_max: 4, capture: { width_px: 480, height_px: 270, frames_per_s: 20 } },
];
const SMALLEST: Capture = { width_px: 320, height_px: 180, frames_per_s: 15 };

export function captureFor(people: number): Capture {
  return STEPS.find(({ people_max }) => people <= people_max)?.capture ?? SMALLEST;
}

/** The capture that a state wants; before a call it is that of a small one. */
export function captureOf({ page }: State): Capture {
  return captureFor(page.at === 'call' ? page.people.length : 0);
}
