/** Who is speaking, from how loud they are. Pure; `effects/watch.ts` reads the levels. */

/** A level from here on is speech: about −34 dB of full scale. */
const ON_LEVEL = 0.02;
/** Only below this is it silence, so that a level between the two does not flicker. */
const OFF_LEVEL = 0.01;
/** Pauses between words are shorter than this. */
const PAUSE_MS = 700;

/** One voice. */
export interface Voice {
  speaking: boolean;
  /** When it was last loud enough to go on. */
  heard_ms: number;
}

export const SILENT: Voice = { speaking: false, heard_ms: -Infinity };

/** The voice after a level in [0, 1] was read. */
export function hear(voice: Voice, now_ms: number, level: number): Voice {
  if (level >= (voice.speaking ? OFF_LEVEL : ON_LEVEL)) return { speaking: true, heard_ms: now_ms };
  return { ...voice, speaking: voice.speaking && now_ms - voice.heard_ms < PAUSE_MS };
}
