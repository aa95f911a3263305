/** Light or dark, as chosen in the console; the server draws it, so that nothing flashes. */
export const THEME_COOKIE = 'latchkey-theme'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** What was chosen; the system decides for everybody else. */
export function themeOf(value: unknown): Theme {
  return themes.find((theme) => theme === value) ?? 'system'
}
