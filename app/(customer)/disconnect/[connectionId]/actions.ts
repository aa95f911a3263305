'use server'

import type { Route } from 'next'
import { redirect } from 'next/navigation'
import { findActingHolder } from '#lib/auth/secure-link.ts'
import { checkEnd, withdraw } from '#lib/connection/off-board.ts'

/** The customer ends the connection by themselves. */
export async function withdrawAction(connectionId: string): Promise<void> {
  const holder = await findActingHolder(connectionId)
  if (holder) await withdraw(holder)
  redirect(`/disconnect/${connectionId}` as Route)
}

const ways = ['deactivate', 'regenerate'] as const

/** "I did it, check now." Pipedrive is asked at once; the page shows what it said. */
export async function checkEndAction(connectionId: string, form: FormData): Promise<void> {
  const holder = await findActingHolder(connectionId)
  const way = ways.find((known) => known === form.get('way')) ?? null
  const outcome = holder && (await checkEnd(holder, way))
  redirect(`/disconnect/${connectionId}${outcome === 'throttled' ? '?said=throttled' : ''}` as Route)
}
