/** Colours of teams: `#1d5fd1`. Pure, so that pages and settings say the same. */

const COLOUR = /^#[0-9a-f]{6}$/
/** WCAG AA for text. */
const CONTRAST_MIN = 4.5
const DARKER = 0.82

export function isReadable(contrast: number): boolean {
  return contrast >= CONTRAST_MIN
}

/** The contrast of white text on it (WCAG 2.2), or null when it is no colour. */
export function contrastWithWhite(colour: string): number | null {
  if (!COLOUR.test(colour)) return null
  const [red = 0, green = 0, blue = 0] = channels(colour).map((value) => {
    const part = value / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
}

/** For a pointer above it. */
export function darker(colour: string): string {
  const parts = channels(colour).map((value) =>
    Math.round(value * DARKER)
      .toString(16)
      .padStart(2, '0'),
  )
  return `#${parts.join('')}`
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16))
}
