import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Operator } from '#lib/actor.ts'
import { getConnection } from '#lib/data/connections.ts'
import { db } from '#lib/data/database.ts'
import { countUses, findProfile, getProfile, listProfiles } from '#lib/data/profiles.ts'
import type { FakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { startFakePipedrive } from '#lib/providers/pipedrive/fake.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { ask, makeTeam, typed } from '#lib/testing/story.ts'
import { connect } from './connect.ts'
import type { ProfileInput } from './edit-profile.ts'
import { changeProfile, createProfile, disableProfile, profileSchema } from './edit-profile.ts'
import { requestConnections } from './request.ts'
import { problemsOf } from './request-schema.ts'

const blank = { name: '', purpose: '', exceptions: '', adminReason: '' }
function profileInput(over: Partial<ProfileInput> = {}): ProfileInput {
  return {
    key: `p-${randomUUID().slice(0, 8)}`,
    words: { en: { ...blank, name: 'Shop orders', purpose: 'Orders become deals.' }, de: blank },
    capabilities: ['read_deals'],
    accountAdmin: false,
    startDate: 'hidden',
    mode: 'collect',
    limitsAllowed: false,
    checkIntervalMinutes: '60',
    retentionDays: '30',
    ...over,
  }
}

let pipedrive: FakePipedrive
before(async () => {
  pipedrive = await startFakePipedrive()
})
after(() => pipedrive.close())

test('a profile needs a key of its own, words in one language, a right, and figures in bounds', () => {
  const faults = (over: Partial<ProfileInput>) =>
    profileSchema.safeParse(profileInput(over)).error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`)
  assert.equal(faults({}), undefined)
  assert.deepEqual(faults({ key: 'Shop Orders' }), ['key key'])
  assert.deepEqual(faults({ key: 'read-only-sync' }), ['key key_taken'])
  assert.deepEqual(faults({ key: 'new' }), ['key key_taken'])
  assert.deepEqual(faults({ words: { en: blank, de: blank } }), ['words.en.name words'])
  assert.deepEqual(faults({ capabilities: [] }), ['capabilities capabilities'])
  assert.deepEqual(faults({ checkIntervalMinutes: '14' }), ['checkIntervalMinutes interval'])
  assert.deepEqual(faults({ checkIntervalMinutes: 'often' }), ['checkIntervalMinutes interval'])
  assert.deepEqual(faults({ retentionDays: '3651' }), ['retentionDays retention'])
})

onEachEngine(
  () => {
    let operator: Operator
    before(async () => {
      operator = await makeTeam()
    })

    test('a team profile is read as it was written', async () => {
      const input = profileInput({ capabilities: ['read_deals', 'create_webhooks'] })
      assert.equal(await createProfile(operator, input), 'done')
      const profile = await getProfile(db(), { teamId: operator.teamId, profile: input.key })
      assert.deepEqual(profile.capabilities, ['read_deals', 'create_webhooks'])
      assert.equal(profile.checkIntervalMinutes, 60)
      assert.equal(profile.words?.en.name, 'Shop orders')
    })

    test('the same press twice makes one profile; another one with the key is refused', async () => {
      const input = profileInput()
      assert.equal(await createProfile(operator, input), 'done')
      assert.equal(await createProfile(operator, input), 'done')
      assert.equal(await createProfile(operator, { ...input, limitsAllowed: true }), 'key_taken')
    })

    test('a profile belongs to its team alone', async () => {
      const input = profileInput()
      await createProfile(operator, input)
      const other = await makeTeam()
      assert.equal(await findProfile(db(), { teamId: other.teamId, profile: input.key }), null)
      assert.equal(await changeProfile(other, input), 'unknown')
      assert.equal(await disableProfile(other, { key: input.key, disabled: true }), 'unknown')
      assert.equal((await listProfiles(db(), other)).length, 3)
    })

    test('a request names a team profile, and one that does not exist is told with those that do', async () => {
      const input = profileInput()
      await createProfile(operator, input)
      const asked = await ask(operator, { profile: input.key })
      assert.equal((await getConnection(db(), { ...operator, ...asked })).project, 'Shop orders')
      await assert.rejects(ask(operator, { profile: 'no-such' }), (error: never) => {
        assert.deepEqual([...problemsOf(error)], [['connections.0.profile', 'profile']])
        return /does not exist; there are: read-only-sync, two-way-crm, full-setup.*p-/.test(String(error))
      })
    })

    test('a disabled profile is not offered for requests; connections that have it go on', async () => {
      const input = profileInput()
      await createProfile(operator, input)
      const asked = await ask(operator, { profile: input.key })
      assert.equal(await disableProfile(operator, { key: input.key, disabled: true }), 'done')
      await assert.rejects(ask(operator, { profile: input.key }), /is not offered any more/)
      const outcome = await connect(asked.holder, typed('admin'))
      assert.equal(outcome.kind === 'settled' && outcome.status, 'connected')
      assert.equal(await disableProfile(operator, { key: input.key, disabled: false }), 'done')
      await ask(operator, { profile: input.key })
    })

    test('the next check asks for what the profile needs now', async () => {
      const input = profileInput({ capabilities: ['read_deals'] })
      await createProfile(operator, input)
      const before = await ask(operator, { profile: input.key })
      const first = await connect(before.holder, typed('editor'))
      assert.equal(first.kind === 'settled' && first.verdictCode, 'OK')

      await changeProfile(operator, { ...input, accountAdmin: true })
      const later = await ask(operator, { profile: input.key })
      const second = await connect(later.holder, typed('editor'))
      assert.equal(second.kind === 'settled' && second.verdictCode, 'NOT_ADMIN')
    })

    test('uses are counted for each profile', async () => {
      const [used, unused] = [profileInput(), profileInput()]
      await createProfile(operator, used)
      await ask(operator, { profile: used.key })
      await ask(operator, { profile: used.key })
      const uses = await countUses(db(), operator, [used.key, unused.key])
      assert.deepEqual([uses.get(used.key), uses.get(unused.key)], [2, 0])
    })

    test('an owner who is not in the team is refused by name of the field', async () => {
      const wanted = requestConnections(operator, {
        customer: 'Acme',
        contact: { name: 'Jane', email: 'jane@acme.example' },
        owner: 'nobody@northwind.example',
        connections: [{ provider: 'pipedrive', profile: 'read-only-sync' }],
      })
      await assert.rejects(wanted, (error: never) => problemsOf(error).get('owner') === 'owner')
    })
  },
  () => ({ PIPEDRIVE_BASE_URL: pipedrive.url }),
)
