import 'server-only'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LinkHolder, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { signValue, verifySigned } from '#lib/crypto/digest.ts'
import { KeyProviderError } from '#lib/crypto/key-provider.ts'
import type { ErrandEnd } from '#lib/data/errands.ts'
import { deleteErrand, findErrandEnd, insertErrand } from '#lib/data/errands.ts'
import { newId } from '#lib/data/ids.ts'
import { readWorkers } from '#lib/data/workers.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { mayOpenSealed } from '#lib/role.ts'

/** What a person does at the web that needs a sealed token to be opened, and that cannot wait for its turn in a queue. */
export type Errand =
  | { kind: 'confirm_pending'; holder: LinkHolder }
  | { kind: 'accept_pending'; staff: Staff; connectionId: string }
  | { kind: 'judge_replacement'; holder: LinkHolder; code: VerdictCode }

const ANSWER_POLL_MS = 100
/** A live check ends within ten seconds; a worker that took nothing up by now is not there. */
const ANSWER_WAIT_MS = 20_000
/** Where no worker has given a sign of life; long enough for one that is being started. */
const NOBODY_WAIT_MS = 3_000
const LABEL = 'errand'

/**
 * Does the work here where this process may open what is sealed; else has a worker do it, before all its other work,
 * and waits for the answer. Without a worker nothing is done, and whoever asked is told to try again.
 */
export async function whereSealedOpens<Answer>(
  errand: Errand,
  work: () => Promise<Answer>,
  wait = { answerMs: ANSWER_WAIT_MS, nobodyMs: NOBODY_WAIT_MS },
): Promise<Answer> {
  if (mayOpenSealed()) return work()
  const id = newId('err')
  const { teamId } = errand.kind === 'accept_pending' ? errand.staff : errand.holder
  // Signed, so that whoever can write rows cannot say yes in somebody's name.
  await insertErrand({ id, teamId, task: signValue(LABEL, JSON.stringify({ id, ...errand })) })
  try {
    return (await answerTo(id, wait)) as Answer
  } finally {
    await deleteErrand(id)
  }
}

async function answerTo(id: string, { answerMs, nobodyMs }: { answerMs: number; nobodyMs: number }): Promise<unknown> {
  const end =
    (await endWithin(id, nobodyMs)) ??
    ((await readWorkers()).alive > 0 ? await endWithin(id, answerMs - nobodyMs) : null)
  if (end?.kind === 'done') return end.answer
  if (end?.kind === 'failed') throw new Error(`the worker could not do it: see reference ${end.reference} in its log`)
  throw new KeyProviderError('unreachable', 'no worker took up what needs a sealed token: is npm run worker running?')
}

async function endWithin(id: string, waitMs: number): Promise<ErrandEnd | null> {
  for (let waited = 0; waited < waitMs; waited += ANSWER_POLL_MS) {
    await sleep(ANSWER_POLL_MS)
    const end = await findErrandEnd(id)
    if (end) return end
  }
  return null
}

/** The errand as it was asked for; null when it was not signed by us. Whoever acts was proved where it was signed. */
export function readErrand(id: string, task: string): Errand | null {
  const text = verifySigned(LABEL, task)
  if (text === null) return null
  const asked = JSON.parse(text) as Errand & { id: string }
  if (asked.id !== id) return null
  switch (asked.kind) {
    case 'confirm_pending':
      return { kind: asked.kind, holder: proven<'link_holder'>(asked.holder) }
    case 'accept_pending':
      return { kind: asked.kind, staff: proven<'staff'>(asked.staff), connectionId: asked.connectionId }
    case 'judge_replacement':
      return { kind: asked.kind, holder: proven<'link_holder'>(asked.holder), code: asked.code }
  }
}
