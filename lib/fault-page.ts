import { LANGUAGE_COOKIE, languageOf } from './language.ts'
import { words } from './words.ts'

type RequestHeaders = Record<string, string | string[] | undefined>

/**
 * What stands in a page's place when the page could not be drawn: whose fault it is, what to do, and the reference
 * that the log has too. Next would send an empty body that only its scripts fill.
 */
export function faultPage(headers: RequestHeaders, reference: string): string {
  const language = languageOf({
    chosen: new RegExp(`${LANGUAGE_COOKIE}=(\\w+)`).exec(String(headers.cookie ?? ''))?.[1],
    accepted: String(headers['accept-language'] ?? '') || null,
  })
  const t = words(language)
  const nonce = String(headers['x-nonce'] ?? '')
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${t('fault.title')} · ${t('fault.product')}</title>
<style nonce="${nonce}">body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:auto;padding:1.25rem}h1{font-size:1.875rem;line-height:1.25}</style>
</head><body><header><p>${t('fault.product')}</p></header><main><h1>${t('fault.title')}</h1><p>${t('fault.text')}</p>
<p>${t('fault.steps')}</p><p>${t('fault.reference')} <code>${reference}</code></p>
<p><a href="">${t('fault.retry')}</a></p></main></body></html>
`
}
