import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextTrySeconds } from './next-try.ts'

const now = new Date('2026-11-25T13:47:12.345Z')
const after = (attempt: number, over: { retryAfterSeconds?: number; waitedSeconds?: number } = {}) =>
  nextTrySeconds('PIPEDRIVE_DOWN', { attempt, retryAfterSeconds: null, waitedSeconds: 0, now, ...over })

// R11
test('we ask again soon at first, every half hour for a day, hourly in the end', () => {
  assert.deepEqual(
    [0, 1, 2, 8, 9, 40].map((attempt) => after(attempt)),
    [5, 15, 30, 1_800, 1_800, 1_800],
  )
  assert.equal(after(40, { waitedSeconds: 86_399 }), 1_800)
  assert.equal(after(40, { waitedSeconds: 86_400 }), 3_600)
})

test('never before Pipedrive wants it', () => {
  assert.equal(after(0, { retryAfterSeconds: 600 }), 600)
  assert.equal(after(9, { retryAfterSeconds: 60 }), 1_800)
  assert.equal(after(0, { retryAfterSeconds: 10_000_000 }), 172_800)
})

test('a limit without a time is left alone for a while, a spent day until after the next full hour', () => {
  const limited = (code: 'RATE_LIMITED' | 'DAILY_LIMIT', retryAfterSeconds: number | null) =>
    nextTrySeconds(code, { attempt: 0, retryAfterSeconds, waitedSeconds: 0, now })
  assert.deepEqual([limited('RATE_LIMITED', null), limited('RATE_LIMITED', 2), limited('DAILY_LIMIT', 7)], [30, 5, 7])
  const due = new Date(now.getTime() + limited('DAILY_LIMIT', null) * 1_000)
  assert.equal(due.toISOString().slice(0, 16), '2026-11-25T14:01')
})
