import type { components } from './api.d.ts'

type Credential = components['schemas']['Credential']
export type Deal = { id: number; update_time: string }

const PAGE = 100
const TIMEOUT_MS = 15_000

/** All deals that the customer lets us read, or `refused` when Pipedrive does not take the token any more. */
export async function listDeals({ baseUrl, headers, startDate }: Credential): Promise<Deal[] | 'refused'> {
  const deals: Deal[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({
      limit: String(PAGE),
      ...(startDate && { updated_since: startDate }),
      ...(cursor && { cursor }),
    })
    const answer: Response = await fetch(`${baseUrl}/v2/deals?${query}`, {
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (answer.status === 401) return 'refused'
    if (!answer.ok) throw new Error(`Pipedrive answered ${answer.status}`)
    const page = (await answer.json()) as { data: Deal[]; additional_data?: { next_cursor?: string | null } }
    deals.push(...page.data)
    cursor = page.additional_data?.next_cursor ?? null
  }
  return deals
}
