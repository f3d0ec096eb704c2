/** The languages there are, and which of them a visitor gets. */

export const LANGUAGES = { en: 'English', ru: 'Русский' } as const;
export type Language = keyof typeof LANGUAGES;

export function isLanguage(code: string | undefined): code is Language {
  return code !== undefined && Object.hasOwn(LANGUAGES, code);
}

/** What the visitor chose earlier, or the first of the browser's languages that there is, or English. */
export function pickLanguage(remembered: string | undefined, wanted: readonly string[]): Language {
  const codes = [remembered, ...wanted.map((tag) => tag.toLowerCase().split('-')[0])];
  return codes.find(isLanguage) ?? 'en';
}
