/** The choice of language; each is named in itself. */
import { rememberLanguage } from '../effects/storage.ts';
import { LANGUAGES, language, speak, t, type Language } from '../i18n/index.ts';

export function LanguageChoice({ small = false }: { small?: boolean }) {
  const choose = (code: Language) => {
    // Words that cannot be loaded leave the language as it is.
    speak(code).then(
      () => rememberLanguage(code),
      () => undefined,
    );
  };
  return (
    <label class={small ? 'language' : 'field'}>
      <span class={small ? 'sr-only' : ''}>{t('language')}</span>
      <select
        data-testid="language"
        value={language.value}
        onChange={({ currentTarget }) => choose(currentTarget.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
