import 'server-only'
import { db } from '#lib/data/database.ts'
import { FAILED_LETTERS_MAX, listFailedLetters } from '#lib/data/outbox.ts'
import { maskEmail } from '#lib/format.ts'
import type { Retry } from '#lib/jobs/retry-letter.ts'
import { retryLetter } from '#lib/jobs/retry-letter.ts'
import type { Asked, OperatorCommand } from './command.ts'
import { CommandFailure, named } from './command.ts'

const notRetried: Record<Exclude<Retry, 'done'>, string> = {
  not_given_up: 'there is no letter with this id that was given up; jobs list shows those there are',
  digest_waits: 'another digest waits for the same person and will tell the rest',
  question_gone: 'what the customer asked was not kept: only they can ask again',
  link_gone: 'its link was wiped when it was given up: make a new one with request link',
  sign_in_gone: 'its link was wiped when it was given up: make a new one with sign-in-link',
}

async function retry({ rest }: Asked): Promise<Record<string, unknown>> {
  const id = named(rest, 'the id of a letter')
  const outcome = await retryLetter(id)
  if (outcome !== 'done') throw new CommandFailure('NOT_RETRIED', notRetried[outcome], {})
  return { id, retried: true }
}

export const jobCommands: Record<string, OperatorCommand> = {
  'jobs list': {
    usage: 'jobs list',
    does: `lists letters that were given up, at most ${FAILED_LETTERS_MAX}, the latest first`,
    options: {},
    run: async () => ({
      letters: (await listFailedLetters(db())).map(
        ({ id, letter, requestId, recipientEmail, failedAt, attempt, lastError }) => ({
          id,
          letter,
          requestId,
          to: maskEmail(recipientEmail),
          failedAt: failedAt.toISOString(),
          tries: attempt,
          lastError,
        }),
      ),
    }),
  },
  'jobs retry': {
    usage: 'jobs retry <id>',
    does: 'sends a letter once more that was given up',
    options: {},
    run: retry,
  },
  'outbox retry': {
    usage: 'outbox retry <id>',
    does: 'the same as jobs retry',
    options: {},
    run: retry,
  },
}
