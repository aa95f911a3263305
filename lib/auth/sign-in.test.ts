import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { Operator, Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { digestOfLinkKey, newLinkKey } from '#lib/crypto/digest.ts'
import { db } from '#lib/data/database.ts'
import { insertTeam } from '#lib/data/requests.ts'
import { findSignInLink, takeSignInLink } from '#lib/data/sign-in-links.ts'
import { findStaffSession, markSessionSeen } from '#lib/data/staff-sessions.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { keyOf, makeTeam } from '#lib/testing/story.ts'
import { limitSignIn, mailLink } from './ask-link.ts'
import type { Flow } from './flow.ts'
import { adapterOf, decide, newFlow } from './flow.ts'
import { addMember, changeRole, disableMember, enableMember, setMember } from './members.ts'
import { askNextAuth, postToNextAuth, verifiedEmail } from './next-auth.ts'
import { issueSignInLink } from './sign-in-links.ts'

let operator: Operator
let admin: Staff
let samId: string
const sam = 'sam@northwind.example'

onEachEngine(() => {
  beforeEach(async () => {
    for (const table of ['staffSessions', 'signInLinks', 'outbox', 'rateLimits', 'staff'] as const)
      await db().deleteFrom(table).execute()
    operator = await makeTeam()
    const mariaId = await setMember(operator, { email: 'maria@northwind.example', name: 'Maria Lopez', role: 'admin' })
    samId = await setMember(operator, { email: sam, name: 'Sam Okoye', role: 'account_manager' })
    const { teamId } = operator
    admin = proven<'staff'>({ kind: 'staff', teamId, staffId: mariaId, role: 'admin', address: null })
  })

  const flowFrom = (before: string | null = null) =>
    newFlow({ address: '192.0.2.1', language: 'en', nextPath: '/connections', before })

  async function operatorKey(): Promise<string> {
    const { link } = await issueSignInLink(db(), operator, { id: samId, teamId: operator.teamId })
    return keyOf(link)
  }

  /** What the button of the confirm page does, without a browser around it. */
  async function signInWith(key: string, { email = sam, before = null as string | null } = {}): Promise<Flow> {
    const flow = flowFrom(before)
    await askNextAuth(flow, { method: 'GET', action: 'callback', provider: 'mail', query: { token: key, email } })
    return flow
  }

  async function session(): Promise<{ value: string; digest: Buffer }> {
    const flow = await signInWith(await operatorKey())
    assert.ok(flow.session)
    return { value: flow.session.value, digest: digestOfLinkKey(flow.session.value) }
  }

  const age = (column: 'created_at' | 'seen_at' | 'authenticated_at', minutes: number) =>
    sql`update staff_sessions set ${sql.raw(column)} = now() - make_interval(mins => ${minutes})`.execute(db())

  const actions = async () =>
    (await db().selectFrom('auditEvents').select(['action', 'reason']).orderBy('id').execute()).slice(-1)

  test('a link starts a session, with its audit row, and stores no key', async () => {
    const key = await operatorKey()
    const { session: started } = await signInWith(key)
    assert.match(started?.value ?? '', /^[\w-]{43}$/)
    assert.equal((await actions())[0]?.action, 'staff.signed_in')
    const stored = JSON.stringify([
      await db().selectFrom('staffSessions').selectAll().execute(),
      await db().selectFrom('signInLinks').selectAll().execute(),
      await db().selectFrom('auditEvents').selectAll().execute(),
    ])
    for (const secret of [key, started?.value ?? '']) assert.equal(stored.includes(secret), false)
  })

  test('a link works once, also for two at the same moment', async () => {
    const key = await operatorKey()
    assert.ok((await signInWith(key)).session)
    assert.equal((await signInWith(key)).refusal, 'link_ended')
    const other = digestOfLinkKey(await operatorKey())
    const taken = await Promise.all([takeSignInLink(db(), other), takeSignInLink(db(), other)])
    assert.deepEqual(taken.sort(), [false, true])
  })

  test('a link ends by time, and with its member', async () => {
    const key = await operatorKey()
    assert.ok(await findSignInLink(digestOfLinkKey(key)))
    await disableMember(admin, samId)
    assert.equal(await findSignInLink(digestOfLinkKey(key)), null)
    await enableMember(admin, samId)
    await sql`update sign_in_links set expires_at = now() - interval '1 second'`.execute(db())
    assert.equal((await signInWith(key)).refusal, 'link_ended')
  })

  test('a link signs in nobody but its member', async () => {
    const { session: started } = await signInWith(await operatorKey(), { email: 'maria@northwind.example' })
    assert.equal(started, null)
  })

  test('each sign-in has a new value, and the session of before ends', async () => {
    const planted = newLinkKey().key
    const first = await signInWith(await operatorKey(), { before: planted })
    assert.notEqual(first.session?.value, planted)
    assert.equal(await findStaffSession(digestOfLinkKey(planted)), null)
    const second = await signInWith(await operatorKey(), { before: first.session?.value ?? null })
    assert.notEqual(second.session?.value, first.session?.value)
    assert.equal(await findStaffSession(digestOfLinkKey(first.session?.value ?? '')), null)
    assert.ok(await findStaffSession(digestOfLinkKey(second.session?.value ?? '')))
  })

  test('without its audit row no session starts', async () => {
    const key = await operatorKey()
    await sql`alter table audit_events rename to audit_events_away`.execute(db())
    const { session: started } = await signInWith(key)
    await sql`alter table audit_events_away rename to audit_events`.execute(db())
    assert.equal(started, null)
    assert.deepEqual(await db().selectFrom('staffSessions').select('id').execute(), [])
  })

  test('a session ends after 8 idle hours; reading it is no activity', async () => {
    const { digest } = await session()
    await age('seen_at', 8 * 60 - 1)
    assert.ok(await findStaffSession(digest))
    await age('seen_at', 8 * 60)
    assert.equal(await findStaffSession(digest), null)
    await age('seen_at', 8 * 60 - 1)
    await markSessionSeen(digest)
    const { seenAt } = await db().selectFrom('staffSessions').select('seenAt').executeTakeFirstOrThrow()
    assert.ok(Date.now() - seenAt.getTime() < 60_000)
  })

  test('a session ends after 12 hours, however busy', async () => {
    const { digest } = await session()
    await age('created_at', 12 * 60 - 1)
    assert.ok(await findStaffSession(digest))
    await age('created_at', 12 * 60)
    assert.equal(await findStaffSession(digest), null)
  })

  test('a role acts on the next request, and so does being disabled, for good', async () => {
    const { digest } = await session()
    assert.equal(await changeRole(admin, { staffId: samId, role: 'support' }), 'done')
    assert.equal((await findStaffSession(digest))?.role, 'support')
    assert.equal(await disableMember(admin, samId), 'done')
    assert.equal(await findStaffSession(digest), null)
    assert.equal(await enableMember(admin, samId), 'done')
    assert.equal(await findStaffSession(digest), null)
  })

  test('a proof of who it is lasts 10 minutes', async () => {
    const { digest } = await session()
    assert.equal((await findStaffSession(digest))?.isFresh, true)
    await age('authenticated_at', 10)
    assert.equal((await findStaffSession(digest))?.isFresh, false)
    await sql`update staff_sessions set authenticated_at = null`.execute(db())
    assert.equal((await findStaffSession(digest))?.isFresh, false)
  })

  test('a letter goes to members alone, with its key sealed', async () => {
    await mailLink({ email: 'stranger@northwind.example', next: '/settings', language: 'en' })
    assert.deepEqual(await db().selectFrom('outbox').select('id').execute(), [])
    await mailLink({ email: sam, next: '/settings', language: 'de' })
    const letter = await db().selectFrom('outbox').selectAll().executeTakeFirstOrThrow()
    assert.deepEqual([letter.letter, letter.recipientEmail, letter.language], ['sign_in', sam, 'de'])
    assert.ok(letter.sealedLink)
    const { nextPath, minutes } = await db()
      .selectFrom('signInLinks')
      .select(['nextPath', sql<number>`round(extract(epoch from expires_at - created_at) / 60)::int`.as('minutes')])
      .executeTakeFirstOrThrow()
    assert.deepEqual([nextPath, minutes], ['/settings', 15])
  })

  test('next-auth takes no form without its own proof', async () => {
    const flow = flowFrom()
    const forged = { method: 'POST', action: 'signin', provider: 'mail', body: { email: sam } } as const
    await askNextAuth(flow, forged)
    assert.deepEqual(await db().selectFrom('outbox').select('id').execute(), [])
    await postToNextAuth(flow, forged)
    assert.equal((await db().selectFrom('outbox').select('id').execute()).length, 1)
  })

  test('the company’s account signs in members alone, and a refusal is recorded', async () => {
    const account = { provider: 'company', type: 'oauth', providerAccountId: 'x' } as const
    const known = flowFrom()
    const profile = { auth_time: 1_700_000_000 } as object
    assert.equal(await decide(known, { user: { email: 'SAM@northwind.example' }, account, profile }), true)
    assert.deepEqual([known.method, known.authenticatedAt?.getTime()], ['company', 1_700_000_000_000])
    for (const [email, refusal] of [
      ['stranger@northwind.example', 'no_role'],
      [null, 'wrong_account'],
    ] as const) {
      const flow = flowFrom()
      assert.equal(await decide(flow, { user: { email }, account, profile: {} }), false)
      assert.equal(flow.refusal, refusal)
      assert.deepEqual(await actions(), [{ action: 'staff.sign_in_refused', reason: refusal }])
    }
    await assert.rejects(async () => adapterOf(known).createUser?.({} as never))
  })

  for (const [claims, expected] of [
    [{ email: sam, email_verified: true }, sam],
    [{ email: sam, email_verified: 'true' }, sam],
    [{ email: sam, xms_edov: true }, sam],
    [{ email: sam }, null],
    [{ email: sam, email_verified: false }, null],
    [{ email: sam, email_verified: 'false' }, null],
    [{ email_verified: true }, null],
  ] as const)
    test(`${JSON.stringify(claims)} is ${expected ? '' : 'no '}proof of an address`, () =>
      assert.equal(verifiedEmail(claims), expected))

  test('members: nobody disables themselves, and one admin always stays', async () => {
    assert.equal(await disableMember(admin, admin.staffId), 'yourself')
    assert.equal(await changeRole(admin, { staffId: admin.staffId, role: 'support' }), 'last_admin')
    assert.equal(await addMember(admin, { email: sam, name: 'Sam', role: 'support' }), 'exists')
    assert.equal(await disableMember(admin, 'stf_unknown'), 'unknown')
    assert.equal(await changeRole(admin, { staffId: samId, role: 'admin' }), 'done')
    const { teamId } = operator
    const otherAdmin = proven<'staff'>({ kind: 'staff', teamId, staffId: samId, role: 'admin', address: null })
    const outcomes = await Promise.all([disableMember(admin, samId), disableMember(otherAdmin, admin.staffId)])
    assert.deepEqual(outcomes.sort(), ['done', 'last_admin'])
  })

  test('members of another team are out of reach', async () => {
    const other = await insertTeam(db(), { name: 'Contoso', supportEmail: null })
    const stranger = proven<'staff'>({ ...admin, teamId: other.id })
    assert.equal(await disableMember(stranger, samId), 'unknown')
    assert.equal(await changeRole(stranger, { staffId: samId, role: 'admin' }), 'unknown')
  })

  test('sign-in is limited for an account and for an address, each on its own', async () => {
    const many = async (times: number, limit: (index: number) => Parameters<typeof limitSignIn>[0]) => {
      const answers: boolean[] = []
      for (let index = 0; index < times; index++) answers.push((await limitSignIn(limit(index))).allowed)
      return answers.filter(Boolean).length
    }
    assert.equal(await many(8, (index) => ({ address: `192.0.2.${index}`, email: sam })), 5)
    assert.equal(await many(25, (index) => ({ address: '198.51.100.1', email: `p${index}@northwind.example` })), 20)
    const { retryAfterSeconds } = await limitSignIn({ address: '198.51.100.1' })
    assert.ok(retryAfterSeconds > 0 && retryAfterSeconds <= 900)
    const buckets = JSON.stringify(await db().selectFrom('rateLimits').select('bucket').execute())
    assert.equal(buckets.includes(sam), false)
  })
})
