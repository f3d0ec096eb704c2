/** Keys do what the list says, on Latin and other layouts, and not with a modifier. */
import { expect, test } from 'vitest';
import { actionOf, type Keystroke } from './keys.ts';

const stroke = (key: string, more: Partial<Keystroke> = {}): Keystroke => ({
  key,
  code: `Key${key.toUpperCase()}`,
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  ...more,
});

test.each([
  ['m', {}, 'mic'],
  ['M', { shiftKey: false }, 'mic'],
  ['v', {}, 'camera'],
  ['ь', { code: 'KeyM' }, 'mic'],
  ['m', { code: 'Semicolon' }, 'mic'],
  ['L', { shiftKey: true }, 'leave'],
  ['l', {}, undefined],
  ['?', { code: 'Slash', shiftKey: true }, 'help'],
  ['?', { code: 'Digit7', shiftKey: true }, 'help'],
  ['m', { ctrlKey: true }, undefined],
  ['m', { repeat: true }, undefined],
  ['1', { code: 'Digit1' }, undefined],
  ['Tab', { code: 'Tab' }, undefined],
] as const)('%s with %o', (key, more, action) => {
  expect(actionOf(stroke(key, more))).toBe(action);
});
