import * as z from 'zod'
import type { Provider } from '../provider.ts'
import type { LooksLike, RemovedPart, TokenHint } from '../provider-fields.ts'
import { cleanApiToken, cleanConnectionName, cleanDomain, cleanStartDate } from './fields.ts'

type SchemaOptions = Parameters<Provider['schema']>[0]

/** Beside the code of a refused API token: what it looks like, for the sentence that says so. */
export type TokenIssueParams = { looksLike: LooksLike | null; hint: TokenHint | null }

/** What was typed, cleaned; issue messages are verdict codes, whose words the page looks up. */
export function pipedriveSchema(options: SchemaOptions) {
  return z
    .object({
      connectionName: z
        .unknown()
        .optional()
        .transform((typed) => cleanConnectionName(typed).value),
      domain: domainSchema,
      apiToken: apiTokenSchema,
      startDate: startDateSchema(options),
    })
    .transform(({ apiToken, ...rest }) => ({
      ...rest,
      apiToken: apiToken.value,
      removed: apiToken.removed,
      hint: apiToken.hint,
    }))
}

export type PipedriveFields = z.infer<ReturnType<typeof pipedriveSchema>>

const domainSchema = z
  .unknown()
  .optional()
  .transform((typed, context) => {
    const { value, error } = cleanDomain(typed)
    if (error === undefined) return value
    context.addIssue({ code: 'custom', message: error, input: undefined })
    return z.NEVER
  })

const apiTokenSchema = z
  .unknown()
  .optional()
  .transform((typed, context): { value: string; removed: RemovedPart[]; hint?: TokenHint } => {
    const { value, removed, error, looksLike, hint } = cleanApiToken(typed)
    if (error === undefined) return { value, removed, hint }
    const params: TokenIssueParams = { looksLike: looksLike ?? null, hint: hint ?? null }
    // The issue travels to pages and logs, so it must not carry what was typed.
    context.addIssue({ code: 'custom', message: error, params, input: undefined })
    return z.NEVER
  })

function startDateSchema({ startDate, today }: SchemaOptions) {
  return z
    .unknown()
    .optional()
    .transform((typed, context) => {
      if (startDate === 'hidden') return null
      const { value, error, why } = cleanStartDate(typed, { today, required: startDate === 'required' })
      if (error === undefined) return value
      context.addIssue({ code: 'custom', message: error, params: { why }, input: undefined })
      return z.NEVER
    })
}
