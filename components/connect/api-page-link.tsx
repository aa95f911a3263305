'use client'

import { useTypedDomain } from './credential-form.tsx'

/** Opens the customer's own API page once the company is typed; before that, the one Pipedrive used last. */
export function ApiPageLink({ label, labelOf }: { label: string; labelOf: string }) {
  const domain = useTypedDomain()
  const host = domain ? `${domain}.pipedrive.com` : 'app.pipedrive.com'
  return (
    <a className="button-secondary" href={`https://${host}/settings/api`} target="_blank" rel="noreferrer">
      {domain ? labelOf.replace('{domain}', domain) : label}
    </a>
  )
}
