import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Operator } from '#lib/actor.ts'
import type { BoardView } from '#lib/board-view.ts'
import { boardAddress, boardSorts, readBoardView } from '#lib/board-view.ts'
import { groupOf, turnOf } from '#lib/connection/status.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { insertManyConnections } from '#lib/testing/many.ts'
import { ask, makeTeam } from '#lib/testing/story.ts'
import type { BoardRow } from './board.ts'
import {
  BOARD_ROWS_MAX,
  countSnoozed,
  countSupportsTurn,
  listBoardPage,
  listBoardRows,
  listStatusCounts,
} from './board.ts'
import { copyForBoard } from './board-copies.ts'
import { db } from './database.ts'
import { up as addBoard } from './migrations/0003-board.ts'
import { up as addLastChecks } from './migrations/0022-last-checks.ts'

const ROWS = 1000

onEachEngine(() => {
  let team: Operator
  let other: Operator
  let all: (BoardRow & { updatedAt: string; ownerId: string | null; sortName: string; search: string })[]

  before(async () => {
    team = await makeTeam()
    other = await makeTeam()
    await insertManyConnections(db(), { teamId: team.teamId, count: ROWS })
    await insertManyConnections(db(), { teamId: other.teamId, count: ROWS / 10 })
    const ids = await db().selectFrom('connections').select(['id', 'teamId']).execute()
    for (const { id, teamId } of ids) await copyForBoard(db(), { teamId, connectionIds: [id] })
    // Every third of what waits for somebody is support's.
    const verdictOf = { waiting_provider: 'CANNOT_REACH', needs_manager: 'INTERNAL' } as const
    for (const status of ['waiting_provider', 'needs_manager'] as const)
      await db()
        .updateTable('connections')
        .set({ verdictCode: verdictOf[status] })
        .where('status', '=', status)
        .where(sql<boolean>`hashtext(id) % 3 = 0`)
        .execute()
    all = (await db()
      .selectFrom('connections')
      .innerJoin('lastChecks', 'lastChecks.connectionId', 'connections.id')
      .selectAll('connections')
      .select('lastChecks.checkedAt')
      .select(sql<string>`to_char(updated_at, 'YYYY-MM-DD HH24:MI:SS.US')`.as('updatedAt'))
      .where('connections.teamId', '=', team.teamId)
      .execute()) as unknown as typeof all
    await sql`analyze connections, last_checks`.execute(db())
  })

  /** Every page in turn, by the addresses that the board itself writes; and back again. */
  async function walk(given: Record<string, string>): Promise<BoardRow[]> {
    const rows: BoardRow[] = []
    const starts: string[] = []
    let view = readBoardView(given)
    for (let pages = 0; pages <= ROWS / BOARD_ROWS_MAX; pages++) {
      const page = await listBoardPage(team, view)
      assert.ok(page.rows.length <= BOARD_ROWS_MAX)
      assert.equal(page.previous === null, pages === 0)
      rows.push(...page.rows)
      starts.push(page.rows[0]?.id ?? '')
      if (!page.next) {
        await walkBack(view, starts)
        return rows
      }
      view = reread({ ...view, from: { side: 'after', row: page.next } })
    }
    throw new Error('more pages than rows')
  }

  async function walkBack(last: BoardView, starts: string[]): Promise<void> {
    let view = last
    for (const start of starts.slice(0, -1).reverse()) {
      const { previous } = await listBoardPage(team, view)
      assert.ok(previous)
      view = reread({ ...view, from: { side: 'before', row: previous } })
      const page = await listBoardPage(team, view)
      assert.equal(page.rows[0]?.id, start)
      assert.equal(page.rows.length, BOARD_ROWS_MAX)
    }
    if (starts.length > 1) assert.equal((await listBoardPage(team, view)).previous, null)
  }

  const reread = (view: BoardView): BoardView =>
    readBoardView(Object.fromEntries(new URLSearchParams(boardAddress(view).split('?')[1])))

  const keys = {
    changed: (row: (typeof all)[number]) => row.updatedAt,
    customer: (row: (typeof all)[number]) => row.sortName,
    checked: (row: (typeof all)[number]) => row.checkedAt?.toISOString() ?? '',
    link_end: (row: (typeof all)[number]) => row.linkExpiresAt?.toISOString() ?? '',
  }

  /** By bytes, as collate "C" compares. */
  const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

  for (const sort of boardSorts)
    for (const direction of ['asc', 'desc'])
      test(`paging by ${sort} ${direction} equals one sorted list, there and back`, async () => {
        const walked = await walk({ sort, dir: direction })
        const key = keys[sort]
        // Times are compared in microseconds by the database and in milliseconds here: equal keys may come in any order.
        const expected = [...all].sort((a, b) => compare(key(a), key(b)) || compare(a.id, b.id))
        if (direction === 'desc') expected.reverse()
        const byId = new Map(all.map((row) => [row.id, row]))
        const walkedKeys = walked.map(({ id }) => key(byId.get(id) as (typeof all)[number]))
        assert.deepEqual(walkedKeys, expected.map(key))
        assert.equal(new Set(walked.map(({ id }) => id)).size, ROWS)
        if (sort === 'customer' || sort === 'changed')
          assert.deepEqual(
            walked.map(({ id }) => id),
            expected.map(({ id }) => id),
          )
      })

  const isSnoozed = (row: BoardRow) => row.snoozedUntil !== null && row.snoozedUntil > new Date()
  const filters: [Record<string, string>, (row: (typeof all)[number]) => boolean][] = [
    [{ group: 'needs_you' }, (row) => groupOf(row.status) === 'needs_you' && !isSnoozed(row)],
    [{ group: 'waiting', sort: 'customer' }, (row) => groupOf(row.status) === 'waiting'],
    [{ group: 'connected', sort: 'checked' }, (row) => groupOf(row.status) === 'connected'],
    [{ group: 'stopped', sort: 'link_end' }, (row) => groupOf(row.status) === 'stopped'],
    [{ group: 'snoozed' }, isSnoozed],
    [{ turn: 'manager' }, (row) => turnOf(row.status, row.verdictCode) === 'manager' && !isSnoozed(row)],
    [
      { turn: 'customer', sort: 'customer' },
      (row) => ['customer', 'admin'].includes(turnOf(row.status, row.verdictCode)),
    ],
    [{ turn: 'support' }, (row) => turnOf(row.status, row.verdictCode) === 'support'],
    [
      { turn: 'support', status: 'needs_manager' },
      (row) => row.status === 'needs_manager' && row.verdictCode === 'INTERNAL',
    ],
    [{ turn: 'nobody', sort: 'checked' }, (row) => turnOf(row.status, row.verdictCode) === 'nobody'],
    [{ turn: 'nobody', group: 'needs_you' }, () => false],
    [{ status: 'needs_customer', sort: 'customer', dir: 'desc' }, (row) => row.status === 'needs_customer'],
    [{ owner: 'nobody' }, (row) => row.ownerId === null],
    [{ q: 'MÜLLER', sort: 'customer' }, (row) => row.search.includes('müller')],
    [{ q: '100% izmir' }, () => false],
    [{ q: 'beta_w' }, (row) => row.search.includes('beta_w')],
    [{ q: 'c7@mail7.example' }, (row) => row.search.includes('\nc7@mail7.example\n')],
    [{ q: 'c7@mail8.example' }, () => false],
    [{ q: '@mail7.example' }, (row) => row.search.includes('@mail7.example')],
    [{ q: 'är' }, (row) => row.sortName.startsWith('är')],
    [
      { q: '@mail7. zeta', group: 'waiting' },
      (row) => groupOf(row.status) === 'waiting' && row.search.includes('@mail7.') && row.search.includes('zeta'),
    ],
  ]
  for (const [given, fits] of filters)
    test(`${new URLSearchParams(given)} shows what fits, all of it, once`, async () => {
      const walked = await walk(given)
      const expected = all.filter(fits)
      assert.deepEqual(walked.map(({ id }) => id).sort(), expected.map(({ id }) => id).sort())
    })

  test('an owner of the team has their rows, an owner of another team none', async () => {
    const [mine, theirs] = await Promise.all(
      [team, other].map(({ teamId }) =>
        db().selectFrom('staff').select('id').where('teamId', '=', teamId).where('name', '=', 'Member 3').execute(),
      ),
    )
    const owner = mine?.[0]?.id ?? ''
    const walked = await walk({ owner, group: 'connected' })
    assert.ok(walked.length > 0)
    assert.ok(walked.every(({ ownerName }) => ownerName === 'Member 3'))
    assert.equal(walked.length, all.filter((row) => row.ownerId === owner && row.status === 'connected').length)
    assert.deepEqual(await walk({ owner: theirs?.[0]?.id ?? '' }), [])
  })

  test('no view, no count and no chosen id shows another team’s rows', async () => {
    const own = new Set(all.map(({ id }) => id))
    for (const row of await walk({ q: 'acme' })) assert.ok(own.has(row.id))
    const foreign = await db()
      .selectFrom('connections')
      .select('id')
      .where('teamId', '=', other.teamId)
      .limit(3)
      .execute()
    const chosen = [...foreign.map(({ id }) => id), [...own][0] ?? '']
    assert.deepEqual(
      (await listBoardRows(team, chosen)).map(({ id }) => id),
      [chosen[3]],
    )
    const cursor = { id: foreign[0]?.id ?? '', key: 'a' }
    const page = await listBoardPage(team, {
      ...readBoardView({ sort: 'customer' }),
      from: { side: 'after', row: cursor },
    })
    assert.ok(page.rows.every(({ id }) => own.has(id)))
    const sum = (await listStatusCounts(team)).reduce((total, { n }) => total + n, 0)
    assert.equal(sum, ROWS)
    assert.equal(await countSnoozed(team), all.filter(isSnoozed).length)
  })

  test('search finds customer, contact, domain, reference, connection name and external id', async () => {
    const asker = await makeTeam()
    const { connectionId } = await ask(asker, {
      name: 'Nordic Überblick',
      expectedDomain: 'acme-nordic',
      externalId: 'CRM/4711',
    })
    const { reference } = await db()
      .selectFrom('requests')
      .select('reference')
      .where('teamId', '=', asker.teamId)
      .executeTakeFirstOrThrow()
    for (const q of ['acme', 'JANE', 'miller', 'jane@acme.example', 'e-nord', reference, 'überblick', '4711', 'ac'])
      assert.deepEqual(
        (await listBoardPage(asker, readBoardView({ q }))).rows.map(({ id }) => id),
        [connectionId],
        q,
      )
    for (const q of ['globex', 'a%e', '___', 'me'])
      assert.deepEqual((await listBoardPage(asker, readBoardView({ q }))).rows, [], q)
  })

  test('the steps of the migration copy what older rows hold, as each change does', async () => {
    const copied = () =>
      db()
        .selectFrom('connections')
        .select(['id', 'customerName', 'sortName', 'search', 'ownerId'])
        .select(sql`link_expires_at is not null and connections.id = ${linked.connectionId}`.as('linkEnds'))
        .orderBy('id')
        .execute()
    const lastChecks = () => db().selectFrom('lastChecks').selectAll().orderBy('connectionId').execute()
    const linked = await ask(await makeTeam())
    const [before, checked] = [await copied(), await lastChecks()]
    await sql`alter table connections drop column customer_name, drop column sort_name, drop column search,
      drop column owner_id, drop column link_expires_at, drop column snoozed_until, drop column snooze_note`.execute(
      db(),
    )
    await sql`update connections set checked_at = last_checks.checked_at, full_check_at = last_checks.full_check_at
      from last_checks where connection_id = id`.execute(db())
    await sql`drop table last_checks`.execute(db())
    for (const step of [addBoard, addLastChecks]) await step(db().withoutPlugins() as unknown as Kysely<unknown>)
    assert.ok(before.some(({ linkEnds }) => linkEnds))
    assert.deepEqual(await copied(), before)
    assert.ok(checked.some(({ checkedAt }) => checkedAt))
    assert.deepEqual(await lastChecks(), checked)
  })

  test('what is support’s turn is counted for each status, for the team alone', async () => {
    for (const { status, n } of await countSupportsTurn(team)) {
      const expected = all.filter((row) => row.status === status && turnOf(status, row.verdictCode) === 'support')
      assert.ok(expected.length > 0, status)
      assert.equal(n, expected.length, status)
    }
    const nobody = await countSupportsTurn(await makeTeam())
    assert.ok(nobody.every(({ n }) => n === 0))
  })

  test('a section is bounded, and says whether there is more', async () => {
    const { rows, next } = await listBoardPage(team, readBoardView({ turn: 'customer' }), 5)
    assert.equal(rows.length, 5)
    assert.ok(next)
  })

  test('sections show every pile from its beginning', () => {
    const view = readBoardView({ by: 'turn', group: 'waiting', status: 'sent', turn: 'support', q: 'acme' })
    assert.deepEqual([view.by, view.group, view.status, view.turn, view.text], ['turn', null, null, null, 'acme'])
    assert.equal(boardAddress(view), '/connections?by=turn&q=acme')
  })

  test('an address with nonsense in it shows the board', async () => {
    const nonsense = {
      group: 'x',
      by: 'x',
      turn: 'admin',
      status: "'; drop table connections",
      owner: 'stf_1',
      provider: 'none',
      sort: 'checked',
      dir: 'up',
      after: 'con_00000000000000000000000000.-1',
      q: '\u0000',
    }
    const { rows } = await listBoardPage(team, readBoardView(nonsense))
    assert.equal(rows.length, BOARD_ROWS_MAX)
  })
})
