import i18next from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'

export const LANGUAGES = ['en', 'id'] as const
export type Language = (typeof LANGUAGES)[number]
const STORED = 'halobestie.language'

function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'en' || stored === 'id') return stored
  return navigator.language.startsWith('id') || navigator.language.startsWith('in') ? 'id' : 'en'
}

void i18next.use(initReactI18next).init({ lng: firstLanguage(), fallbackLng: 'en', resources: {}, interpolation: { escapeValue: false }, returnNull: false })
document.documentElement.lang = i18next.language

export function setLanguage(language: Language): void {
  localStorage.setItem(STORED, language)
  document.documentElement.lang = language
  void i18next.changeLanguage(language)
}

export function useLanguage(): Language {
  return useTranslation().i18n.language === 'id' ? 'id' : 'en'
}

/** `x_one` and `x_other` are asked for as `x`, with `count`. */
type KeyOf<T> = { [K in keyof T & string]: K extends `${infer Base}_one` | `${infer Base}_other` ? Base : K }[keyof T & string]
export type Text<T> = (key: KeyOf<T>, values?: Record<string, string | number>) => string

/**
 * The words of one part of the control center, in both languages; answers the hook that reads them. Words go with the
 * page that needs them: they are loaded with it. Values stand in `{{braces}}`.
 */
export function defineTexts<const T extends Record<string, string>>(name: string, en: T, id: { [K in keyof T]: string }): () => Text<T> {
  i18next.addResourceBundle('en', name, en)
  i18next.addResourceBundle('id', name, id)
  return () => {
    const { t } = useTranslation(name)
    // The keys are checked by our own type, which knows what is there; the library's can't.
    return t as unknown as Text<T>
  }
}
