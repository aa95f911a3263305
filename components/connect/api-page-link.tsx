'use client'

import type { FieldsId } from '#lib/providers/fields.ts'
import { fieldsOf } from '#lib/providers/fields.ts'
import { useTypedDomain } from './credential-form.tsx'

/** Opens the customer's own page with the token once the company is typed; before that, the provider's. */
export function ApiPageLink({ provider, label, labelOf }: { provider: FieldsId; label: string; labelOf: string }) {
  const domain = useTypedDomain()
  const address = fieldsOf(provider).tokenPageOf(domain || null)
  return (
    <a className="button-secondary" href={address} target="_blank" rel="noreferrer">
      {domain ? labelOf.replace('{domain}', domain) : label}
    </a>
  )
}
