import assert from 'node:assert/strict'
import { test } from 'node:test'
import { db } from '#lib/data/database.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ask } from '#lib/testing/story.ts'
import { operator } from './command.ts'
import { runCommand } from './commands.ts'

const run = (...argv: string[]) => runCommand({ argv, folder: '/', input: null })

onEachEngine(() => {
  test('an operator stops hand-off for a connection, a customer by name or all, and lets it go on', async () => {
    const actor = await operator()
    const { connectionId } = await ask(actor)
    const { id: customerId } = await db()
      .selectFrom('customers')
      .select('id')
      .where('teamId', '=', actor.teamId)
      .executeTakeFirstOrThrow()
    for (const [what, scope, id] of [
      [connectionId, 'connection', connectionId],
      ['acme', 'customer', customerId],
      ['team', 'team', actor.teamId],
    ] as const) {
      const frozen = await run('freeze', what, '--reason', 'Leak', '--json')
      assert.deepEqual(frozen, { exitCode: 0, output: { id, scope, frozen: true } })
      assert.equal((await run('freeze', what, '--reason', 'Leak')).exitCode, 1)
      const { output } = await run('freeze', 'list')
      const [listed] = output.freezes as { reason: string; objectId: string }[]
      assert.deepEqual([listed?.objectId, listed?.reason], [id, 'Leak'])
      assert.deepEqual(await run('thaw', what), { exitCode: 0, output: { id, scope, frozen: false } })
      assert.equal((await run('thaw', what)).exitCode, 1)
    }
  })

  test('without a reason, or for what the team does not have, nothing is stopped', async () => {
    assert.equal((await run('freeze', 'team')).exitCode, 2)
    assert.equal((await run('freeze', '--reason', 'Leak')).exitCode, 2)
    for (const what of ['Nobody Ltd', `con_${'0'.repeat(26)}`])
      assert.equal((await run('freeze', what, '--reason', 'Leak')).exitCode, 1)
    const long = await run('freeze', 'team', '--reason', 'x'.repeat(301))
    assert.equal(long.exitCode, 1)
    assert.match(JSON.stringify(long.output), /at most 300 characters/)
    assert.deepEqual((await run('freeze', 'list')).output, { freezes: [] })
  })
})
