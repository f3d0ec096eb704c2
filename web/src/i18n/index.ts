/**
 * Words in the user's language: `t('key')`, `t('key', { name })`, `t('key', 5)`. English is built in, other languages
 * are loaded when they are wanted. A view that calls `t` is drawn again when the language changes.
 */
import { createI18n } from '@nanostores/i18n';
import { signal } from '@preact/signals';
import { atom } from 'nanostores';
import { en } from './en.ts';
import type { Language } from './languages.ts';

type English = typeof en;
export type Key = keyof English;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>>;
/** Another language: text, or forms by number where English has them. */
export type Dictionary = {
  [K in Key]: English[K] extends (number: number) => unknown ? Forms : string;
};

const COMPONENT = 'page';
const LOADERS: Record<Exclude<Language, 'en'>, () => Promise<Dictionary>> = {
  ru: async () => (await import('./ru.ts')).ru,
};

const locale = atom<Language>('en');
const i18n = createI18n<Language, 'en'>(locale, {
  baseLocale: 'en',
  get: async (code) => ({ [COMPONENT]: code === 'en' ? {} : await LOADERS[code]() }),
});
const messages = i18n(COMPONENT, en);
const words = signal(messages.get());
messages.subscribe((current) => (words.value = current));

/** The language of the words that are shown; follows {@link speak} when the words have been loaded. */
export const language = signal<Language>('en');

/** Changes the language; resolves when its words are there. When they cannot be loaded, nothing changes. */
export async function speak(code: Language): Promise<void> {
  const before = locale.get();
  if (code !== 'en') await LOADERS[code]();
  locale.set(code);
  await settled();
  language.value = code;
  if (before !== code && typeof document !== 'undefined') document.documentElement.lang = code;
}

function settled(): Promise<void> {
  if (!i18n.loading.get()) return Promise.resolve();
  return new Promise((resolve) => {
    const stop = i18n.loading.listen((loading) => {
      if (loading) return;
      stop();
      resolve();
    });
  });
}

type Args<K extends Key> = English[K] extends (...args: infer A) => unknown ? A : [];

/** The message in the user's language. */
export function t<K extends Key>(key: K, ...args: Args<K>): string {
  const message: unknown = words.value[key];
  if (typeof message !== 'function') return String(message);
  return String((message as (...args: unknown[]) => unknown)(...args.map(literal)));
}

/** `$` means something to the library's replacing, and a stranger's name may have one. */
function literal(arg: unknown): unknown {
  if (typeof arg !== 'object' || arg === null) return arg;
  return Object.fromEntries(
    Object.entries(arg).map(([name, value]) => [name, String(value).replaceAll('$', '$$$$')]),
  );
}

export { LANGUAGES, pickLanguage, type Language } from './languages.ts';
