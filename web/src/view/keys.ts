/** Which key does what in a call. Pure. */

export type KeyAction =
  'mic' | 'camera' | 'screen' | 'chat' | 'hand' | 'full-screen' | 'pin' | 'pip' | 'leave' | 'help';

/** What is read of a keyboard event. */
export interface Keystroke {
  key: string;
  code: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  repeat: boolean;
}

/** The letter of each action, as the list of shortcuts shows it. Leaving needs Shift: no slip of a finger hangs up. */
export const KEYS: Record<KeyAction, { letter: string; shift?: boolean }> = {
  mic: { letter: 'm' },
  camera: { letter: 'v' },
  screen: { letter: 's' },
  chat: { letter: 'c' },
  hand: { letter: 'h' },
  pin: { letter: 'p' },
  'full-screen': { letter: 'f' },
  pip: { letter: 'i' },
  leave: { letter: 'l', shift: true },
  help: { letter: '?' },
};

export function actionOf(stroke: Keystroke): KeyAction | undefined {
  if (stroke.ctrlKey || stroke.altKey || stroke.metaKey || stroke.repeat) return undefined;
  if (stroke.key === '?') return 'help';
  const letter = letterOf(stroke);
  const found = Object.entries(KEYS).find(
    ([, key]) => key.letter === letter && (key.shift ?? false) === stroke.shiftKey,
  );
  return found?.[0] as KeyAction | undefined;
}

/** The letter on the key; on a layout without Latin letters, the one that the key has on a Latin one. */
function letterOf({ key, code }: Keystroke): string | undefined {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const isLetter = /^\p{L}$/u.test(key);
  return isLetter ? /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() : undefined;
}
