'use server'

import { requireActingStaff } from '#lib/auth/session.ts'
import type { BulkWork } from '#lib/connection/bulk.ts'
import { bulkRoles, bulkWorks, doBulk } from '#lib/connection/bulk.ts'
import { LINK_DAYS_MAX } from '#lib/connection/request-schema.ts'
import { SNOOZE_DAYS_MAX } from '#lib/connection/snooze.ts'
import { BOARD_ROWS_MAX } from '#lib/data/board.ts'
import { pageWords } from '../../../page-words.ts'
import { section } from '../../sections.ts'
import type { BulkField } from './read-order.ts'
import { readOrder } from './read-order.ts'

export type BulkState = {
  typed: Partial<Record<BulkField, string>>
  problem: { field: BulkField; text: string } | null
  done: { title: string; rows: { id: string; customer: string; name: string; text: string; isDone: boolean }[] } | null
}

/** Does to the chosen connections what the page before has shown. Works without JavaScript: the page comes back with the results. */
export async function bulkAction(_before: BulkState, form: FormData): Promise<BulkState> {
  const staff = await requireActingStaff(...section.connections.roles)
  const work = bulkWorks.find((known) => known === form.get('do'))
  if (work) await requireActingStaff(...bulkRoles[work])
  const t = await pageWords()
  const typed = typedIn(form)
  if (!work) return { typed, problem: null, done: { title: t('board.bulk.resultTitle', { done: 0 }), rows: [] } }

  const read = readOrder(work, (field) => typed[field] ?? '', new Date())
  if ('problem' in read)
    return { typed, problem: { field: read.problem, text: problemOf(read.problem, t) }, done: null }

  const connectionIds = form.getAll('id').map(String).filter(isConnectionId).slice(0, BOARD_ROWS_MAX)
  const results = await doBulk(staff, read.order, { connectionIds })
  const rows = results.map(({ row, result }) => ({
    id: row.id,
    customer: row.customerName,
    name: row.name,
    text: sayResult(work, result, t),
    isDone: result === 'done',
  }))
  const done = rows.filter(({ isDone }) => isDone).length
  return { typed: {}, problem: null, done: { title: t('board.bulk.resultTitle', { done }), rows } }
}

type T = Awaited<ReturnType<typeof pageWords>>

function sayResult(work: BulkWork, result: Awaited<ReturnType<typeof doBulk>>[number]['result'], t: T): string {
  if (result === 'done') return t(`board.bulk.result.${work}`)
  return result === 'failed' ? t('board.bulk.result.failed') : t(`board.bulk.skip.${result}`)
}

function problemOf(field: BulkField, t: T): string {
  switch (field) {
    case 'staffId':
      return t('board.bulk.problem.owner')
    case 'until':
      return t('board.bulk.problem.until', { days: SNOOZE_DAYS_MAX })
    case 'days':
      return t('board.bulk.problem.days', { days: LINK_DAYS_MAX })
    case 'note':
    case 'reason':
      return t('board.bulk.problem.reason')
  }
}

function typedIn(form: FormData): BulkState['typed'] {
  const fields = ['staffId', 'until', 'days', 'note', 'reason'] as const
  return Object.fromEntries(fields.map((field) => [field, String(form.get(field) ?? '').slice(0, 2000)]))
}

const isConnectionId = (id: string) => /^con_[0-9a-z]{26}$/.test(id)
