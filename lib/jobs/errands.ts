import 'server-only'
import { confirmPending } from '#lib/connection/confirm.ts'
import { acceptPending } from '#lib/connection/decide.ts'
import type { Errand } from '#lib/connection/errand.ts'
import { readErrand } from '#lib/connection/errand.ts'
import { judgeReplacement } from '#lib/connection/rotate.ts'
import type { DueErrand, ErrandEnd } from '#lib/data/errands.ts'
import { claimDueErrands, endErrand } from '#lib/data/errands.ts'
import { log } from '#lib/log.ts'

const ERRANDS_AT_ONCE = 16
/** Longer than a live check takes; should this process die, nobody waits for the answer by then. */
const LEASE_SECONDS = 30

/** Does what people wait for at the web, where nothing that is sealed can be opened. */
export async function runErrands(): Promise<void> {
  const due = await claimDueErrands({ limit: ERRANDS_AT_ONCE, leaseSeconds: LEASE_SECONDS })
  await Promise.all(due.map(async (errand) => endErrand(errand, await run(errand))))
}

async function run({ id, task }: DueErrand): Promise<ErrandEnd> {
  try {
    const errand = readErrand(id, task)
    if (!errand) throw new Error('an errand was not signed by us: has every process the same SESSION_SECRET?')
    return { kind: 'done', answer: await work(errand) }
  } catch (error) {
    return { kind: 'failed', reference: log.error('errand.failed', error, { job: 'errand' }) }
  }
}

function work(errand: Errand): Promise<unknown> {
  switch (errand.kind) {
    case 'confirm_pending':
      return confirmPending(errand.holder)
    case 'accept_pending':
      return acceptPending(errand.staff, errand.connectionId)
    case 'judge_replacement':
      return judgeReplacement(errand.holder, errand.code)
  }
}
