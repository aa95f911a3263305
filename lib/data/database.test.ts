import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { onEachEngine } from '#lib/testing/engines.ts'
import { db, inTransaction } from './database.ts'

/** What each kind of value becomes. Both engines must give exactly these. */
const values: [expression: string, value: unknown][] = [
  ['9007199254740993::int8', '9007199254740993'],
  ['count(*)', '1'],
  ['7::int4', 7],
  ['true', true],
  ["'text'::text", 'text'],
  ["'\\x00ff10'::bytea", Buffer.from([0, 255, 16])],
  ['null::bytea', null],
  [`'{"b": [1, null], "a_b": {"c_d": "x"}}'::jsonb`, { b: [1, null], a_b: { c_d: 'x' } }],
  ["'2026-11-22 10:00:00.123+01'::timestamptz", new Date('2026-11-22T09:00:00.123Z')],
]

onEachEngine((engine) => {
  for (const [expression, value] of values)
    test(`${expression} is the same JavaScript value on ${engine} as on the other engine`, async () => {
      const { rows } = await sql<{ value: unknown }>`select ${sql.raw(expression)} as value`.execute(db())
      assert.deepStrictEqual(rows[0]?.value, value)
    })

  test('bytes, JSON and times go in and come out unchanged', async () => {
    const bytes = Buffer.from([0, 1, 254, 255])
    const at = new Date('2026-03-29T01:30:00.250Z')
    const { rows } = await sql`select ${bytes}::bytea as bytes, ${JSON.stringify({ a_b: 1 })}::jsonb as json,
      ${at}::timestamptz as at`.execute(db())
    assert.deepStrictEqual(rows, [{ bytes, json: { a_b: 1 }, at }])
  })

  test('a broken rule has the same SQLSTATE', async () => {
    const unknownTeam = { id: 'cus_1', teamId: 'tem_none', name: 'Acme' }
    await assert.rejects(db().insertInto('customers').values(unknownTeam).execute(), {
      code: '23503',
      constraint: 'customers_team_id_fkey',
    })
  })

  test('a transaction that throws leaves nothing behind', async () => {
    const failing = inTransaction(async (trx) => {
      await trx
        .insertInto('teams')
        .values({ id: 'tem_gone', name: 'Gone', supportEmail: null, supportPhone: null })
        .execute()
      throw new Error('halfway')
    })
    await assert.rejects(failing, /halfway/)
    assert.deepEqual(await db().selectFrom('teams').select('id').where('id', '=', 'tem_gone').execute(), [])
  })

  // Its handle would wait for the transaction, and the transaction for it.
  test('the outer handle is refused inside a transaction', async () => {
    await assert.rejects(
      inTransaction(async () => db()),
      /inside a transaction/,
    )
  })

  // R10
  test('a transaction that collided runs again as a whole, five times at most, and no other error does', async () => {
    for (const [code, wanted] of [
      ['40001', 5],
      ['40P01', 5],
      ['23505', 1],
    ] as const) {
      let runs = 0
      const collide = inTransaction(async () => {
        runs += 1
        throw Object.assign(new Error('collided'), { code })
      })
      await assert.rejects(collide, { code })
      assert.equal(runs, wanted, code)
    }
  })
})
