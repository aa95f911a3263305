import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import type { Staff } from '#lib/actor.ts'
import { proven } from '#lib/actor.ts'
import { db } from '#lib/data/database.ts'
import { upsertStaff } from '#lib/data/staff.ts'
import { onEachEngine } from '#lib/testing/engines.ts'
import { makeTeam } from '#lib/testing/story.ts'
import { checkList, sendList, uploadList } from './import-requests.ts'
import { LIST_ROWS_MAX, listColumns, readList } from './read-list.ts'
import { typedContactName } from './typed-name.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const HEAD = 'customer,contact_email,profile'

for (const [what, text] of Object.entries({
  'comma and quotes':
    'customer,contact_email,profile,note\r\n"Acme, Inc.",jane@acme.example,read-only-sync,"two\nlines"\r\n',
  'semicolon, a byte order mark, a header as people write it':
    '\ufeffCustomer;Contact e-mail;Profile;Note\nAcme, Inc.;jane@acme.example;read-only-sync;"two\nlines"'.replace(
      'e-mail',
      'Email',
    ),
}))
  test(`a list is read: ${what}`, () => {
    assert.deepEqual(readList(bytes(text)), {
      rows: [
        {
          line: '3',
          customer: 'Acme, Inc.',
          contact_email: 'jane@acme.example',
          profile: 'read-only-sync',
          note: 'two\nlines',
        },
      ],
    })
  })

test('a list from an old spreadsheet keeps its umlauts', () => {
  const file = Uint8Array.from(Buffer.from(`${HEAD}\nK\u00e4te,kate@acme.example,read-only-sync`, 'latin1'))
  const read = readList(file)
  assert.equal('rows' in read && read.rows[0]?.customer, 'Käte')
})

test('a file that cannot be read says why', () => {
  const row = '\nAcme,jane@acme.example,read-only-sync'
  const faults: [string, string, string][] = [
    ['', 'empty', ''],
    [HEAD, 'empty', ''],
    [`${HEAD},phone${row},1`, 'column_unknown', 'phone'],
    [`${HEAD},profile${row},x`, 'column_twice', 'profile'],
    [`customer,profile\nAcme,read-only-sync`, 'column_missing', 'contact_email'],
    [`${HEAD}\nAcme,"jane`, 'not_csv', '2'],
    [HEAD + row.repeat(LIST_ROWS_MAX + 1), 'too_many', String(LIST_ROWS_MAX + 1)],
  ]
  for (const [text, fault, what] of faults) assert.deepEqual(readList(bytes(text)), { fault, what }, text.slice(0, 60))
})

test('no bytes break the reading of a list', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (file) => {
      const read = readList(file)
      assert.ok('fault' in read || read.rows.length > 0)
    }),
  )
  const cells = fc.array(fc.string({ maxLength: 20 }), { maxLength: 12 })
  fc.assert(
    fc.property(fc.array(cells, { minLength: 1, maxLength: 5 }), (rows) => {
      readList(bytes([listColumns.join(';'), ...rows.map((row) => row.join(';'))].join('\n')))
    }),
  )
})

test('a contact is called by the address when it is a name, else by the customer', () => {
  const name = (email: string, typed = '') => typedContactName(typed, { customer: 'Acme', contact_email: email })
  assert.equal(name('jane.miller@acme.example'), 'Jane Miller')
  assert.equal(name('anna-lena.groß@acme.example'), 'Anna-Lena Groß')
  for (const other of ['info@acme.example', 'j.miller@acme.example', 'sales2.team@acme.example', ''])
    assert.equal(name(other), 'Acme', other)
  assert.equal(name('jane.miller@acme.example', 'J. M.'), 'J. M.')
})

onEachEngine(() => {
  let staff: Staff
  before(async () => {
    staff = await makeStaff()
  })

  async function makeStaff(): Promise<Staff> {
    const { teamId } = await makeTeam()
    const member = { email: 'sam@northwind.example', name: 'Sam Okoye', role: 'account_manager' as const }
    const staffId = await upsertStaff(db(), { teamId, ...member })
    return proven<'staff'>({ kind: 'staff', teamId, staffId, role: member.role, address: null })
  }

  async function upload(...rows: string[]): Promise<string> {
    const outcome = await uploadList(staff, bytes([listColumns.join(','), ...rows].join('\n')))
    if ('fault' in outcome) throw new Error(outcome.fault)
    return outcome.importId
  }

  async function problemsIn(row: string): Promise<string[]> {
    const [checked] = (await checkList(staff, await upload(row))) ?? []
    return (checked?.problems ?? []).map(({ column, problem }) => `${column} ${problem}`).sort()
  }

  test('the dry run names every bad cell', async () => {
    assert.deepEqual(await problemsIn('Acme,,jane@acme.example,read-only-sync,de,acme,2024-05-01,A-1,Hello'), [])
    assert.deepEqual(await problemsIn(',,jane@,no-such,fr,evil.com,2199-01-01,,'), [
      'contact_email email',
      'customer missing',
      'expected_domain domain',
      'language language',
      'profile profile',
      'start_date start_date',
    ])
    assert.deepEqual(await problemsIn('Acme,,,,,,,,'), ['contact_email missing', 'profile missing'])
    assert.deepEqual(await problemsIn(`Acme,${'x'.repeat(121)},a@b.example,read-only-sync,,,,,`), [
      'contact_name too_long',
    ])
    assert.deepEqual(await problemsIn('Acme,,jane@acme.example,read-only-sync,,,,,,more'), ['extra unknown'])
  })

  test('a list with a bad row sends nothing', async () => {
    const id = await upload('Acme,,a@bad.example,read-only-sync,,,,,', 'Globex,,nobody,read-only-sync,,,,,')
    assert.equal(await sendList(staff, id, { duplicatesToo: true }), 'bad_rows')
    assert.deepEqual(
      (await checkList(staff, id))?.map(({ sent }) => sent),
      [null, null],
    )
  })

  test('each row becomes one request, however often the list is sent', async () => {
    const id = await upload(
      'Umbrella,,alice@umbrella.example,two-way-crm,,,,U-1,',
      'Stark,,pepper.potts@stark.example,full-setup,de,,,,',
    )
    const [first, second] = await Promise.all([
      sendList(staff, id, { duplicatesToo: false }),
      sendList(staff, id, { duplicatesToo: false }),
    ])
    assert.deepEqual(await sendList(staff, id, { duplicatesToo: false }), { sent: 0, skipped: 0, failed: 0 })
    assert.ok(typeof first === 'object' && first.failed === 0 && typeof second === 'object' && second.failed === 0)
    const rows = (await checkList(staff, id)) ?? []
    assert.ok(rows.every(({ sent }) => sent))
    const letters = await db()
      .selectFrom('outbox')
      .where('letter', '=', 'secure_link')
      .select(['recipientEmail', 'recipientName', 'language'])
      .where(
        'requestId',
        'in',
        rows.map(({ sent }) => sent?.id ?? ''),
      )
      .orderBy('recipientEmail')
      .execute()
    assert.deepEqual(letters, [
      { recipientEmail: 'alice@umbrella.example', recipientName: 'Umbrella', language: 'en' },
      { recipientEmail: 'pepper.potts@stark.example', recipientName: 'Pepper Potts', language: 'de' },
    ])
  })

  test('what is open already, or twice in the list, is left out until somebody asks for it', async () => {
    await sendList(staff, await upload('Wayne,,lucius@wayne.example,two-way-crm,,,,,'), { duplicatesToo: false })
    const id = await upload(
      'Wayne,,other@wayne.example,two-way-crm,,,,,',
      'Hooli,,gavin@hooli.example,two-way-crm,,,,,',
      'Hooli 2,,gavin@hooli.example,full-setup,,,,,',
    )
    const rows = (await checkList(staff, id)) ?? []
    assert.deepEqual(
      rows.map(({ duplicates, duplicateLine }) => [duplicates.length, duplicateLine]),
      [
        [1, null],
        [0, null],
        [0, '3'],
      ],
    )
    assert.deepEqual(await sendList(staff, id, { duplicatesToo: false }), { sent: 1, skipped: 2, failed: 0 })
    assert.deepEqual(await sendList(staff, id, { duplicatesToo: true }), { sent: 2, skipped: 0, failed: 0 })
  })

  // S39
  test("another team's list does not exist", async () => {
    const id = await upload('Acme,,x@acme.example,read-only-sync,,,,,')
    const other = await makeStaff()
    assert.equal(await checkList(other, id), null)
    assert.equal(await sendList(other, id, { duplicatesToo: true }), 'unknown')
  })
})
