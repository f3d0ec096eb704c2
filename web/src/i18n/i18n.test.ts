/** Both languages say the same things, with the same placeholders and every plural form the language has. */
import { afterEach, expect, test } from 'vitest';
import { en } from './en.ts';
import { speak, t, type Key } from './index.ts';
import { pickLanguage } from './languages.ts';
import { ru } from './ru.ts';

afterEach(() => speak('en'));

/** The text as written, or the forms by number. */
function source(message: unknown): string | Record<string, string> {
  return typeof message === 'object' || typeof message === 'function'
    ? ((message as { input?: Record<string, string> }).input ?? (message as Record<string, string>))
    : String(message);
}

function texts(message: unknown): string[] {
  const written = source(message);
  return typeof written === 'string' ? [written] : Object.values(written);
}

const placeholders = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();

test('the same keys', () => {
  expect(Object.keys(ru).sort()).toEqual(Object.keys(en).sort());
});

test.each(Object.keys(en) as Key[])('%s has the same placeholders, and no text is empty', (key) => {
  const wanted = placeholders(texts(en[key])[0] ?? '');
  for (const text of [...texts(en[key]), ...texts(ru[key])]) {
    expect(text.trim()).not.toBe('');
    expect(placeholders(text), text).toEqual(wanted);
  }
});

test.each([
  ['en', en, ['one', 'other']],
  ['ru', ru, ['few', 'many', 'one']],
] as const)('%s has every plural form that whole numbers need', (_, dictionary, forms) => {
  const counted = Object.entries(dictionary).filter(([, message]) => typeof source(message) === 'object');
  expect(counted.length).toBeGreaterThan(0);
  for (const [key, message] of counted) expect(Object.keys(source(message)).sort(), key).toEqual(forms);
});

test('numbers take the right form', async () => {
  expect([1, 2].map((n) => t('refused.wait-seconds', n))).toEqual([
    'Try again in 1 second.',
    'Try again in 2 seconds.',
  ]);
  await speak('ru');
  expect([1, 3, 11, 22].map((n) => t('refused.wait-minutes', n))).toEqual([
    'Попробуйте через 1 минуту.',
    'Попробуйте через 3 минуты.',
    'Попробуйте через 11 минут.',
    'Попробуйте через 22 минуты.',
  ]);
});

test('a name is put in as it is', () => {
  expect(t('call.joined', { name: '$& $1 <b>' })).toBe('$& $1 <b> joined.');
});

test.each([
  [undefined, ['ru-RU', 'en'], 'ru'],
  [undefined, ['de', 'en-GB', 'ru'], 'en'],
  [undefined, ['de'], 'en'],
  ['en', ['ru'], 'en'],
  ['toString', ['ru'], 'ru'],
])('remembered %s, browser %s: %s', (remembered, wanted, language) => {
  expect(pickLanguage(remembered, wanted)).toBe(language);
});
