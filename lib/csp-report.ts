import * as z from 'zod'

/** What may be written down of a report. Never a path or a query: a path may be a secure link. */
export type Violation = { directive: string; blocked: string; route: string }

const VIOLATIONS_MAX = 5
const DIRECTIVE_LENGTH_MAX = 40

/** `report-uri` sends one report in its own shape, `report-to` a list in another. */
const oldReport = z
  .object({
    'csp-report': z.object({
      'effective-directive': z.string().optional(),
      'violated-directive': z.string().optional(),
      'blocked-uri': z.string().default(''),
      'document-uri': z.string().default(''),
    }),
  })
  .transform(({ 'csp-report': report }) => [
    violationOf(
      report['effective-directive'] ?? report['violated-directive'] ?? '',
      report['blocked-uri'],
      report['document-uri'],
    ),
  ])

const newReports = z
  .array(
    z.object({
      type: z.string(),
      body: z
        .object({
          effectiveDirective: z.string().default(''),
          blockedURL: z.string().default(''),
          documentURL: z.string().default(''),
        })
        .optional(),
    }),
  )
  .transform((reports) =>
    reports
      .filter(({ type }) => type === 'csp-violation')
      .slice(0, VIOLATIONS_MAX)
      .map(({ body }) => violationOf(body?.effectiveDirective ?? '', body?.blockedURL ?? '', body?.documentURL ?? '')),
  )

/** The violations of a report's body; none when it is not a report. */
export function readViolations(body: string): Violation[] {
  const read = z.union([oldReport, newReports]).safeParse(parseJson(body))
  return read.success ? read.data : []
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function violationOf(directive: string, blocked: string, document: string): Violation {
  return {
    directive: directive.replace(/[^a-z-]/g, '').slice(0, DIRECTIVE_LENGTH_MAX),
    blocked: URL.canParse(blocked) ? originOf(new URL(blocked)) : blocked.replace(/[^a-z-]/g, '').slice(0, 20),
    route: routeOf(document),
  }
}

/** `data:` and `blob:` have no origin; the scheme tells enough. */
function originOf({ origin, protocol }: URL): string {
  return origin === 'null' ? protocol : origin
}

const routes = new Set(['l', 'connect', 'disconnect', 'checklist', 'help', 'guides', 'outbox', 'sign-in'])

/** The kind of page: its first segment where we know it, else `other`. */
function routeOf(document: string): string {
  const first = URL.canParse(document) ? new URL(document).pathname.split('/')[1] : undefined
  if (first === '') return '/'
  return first !== undefined && routes.has(first) ? `/${first}` : 'other'
}
