import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CapabilityRow, TokenOwner } from '#lib/providers/provider.ts'
import type { VerdictCode } from '#lib/providers/verdicts.ts'
import { verdicts } from '#lib/providers/verdicts.ts'
import type { Language } from '#lib/words.ts'
import { explain, mailOf } from './explain.ts'

const codes = Object.keys(verdicts) as VerdictCode[]
const connection = (language: Language, over: Partial<Parameters<typeof explain>[1]> = {}) => ({
  language,
  teamName: 'Northwind',
  ownerName: 'Maria Lopez',
  typedDomain: 'acme' as string | null,
  provider: 'pipedrive',
  expectedDomain: null as string | null,
  customerName: 'Acme',
  checkedAt: null,
  connectedAt: null,
  ...over,
})
const owner: TokenOwner = {
  userId: '1',
  userName: 'Jane Miller',
  userEmail: 'jane@acme.example',
  companyId: '2',
  companyName: 'Globex',
  companyDomain: 'globex',
  accountAdmin: false,
}
const report: CapabilityRow[] = [
  { capability: 'read_deals', group: 'reads', result: 'yes', evidence: 'read_some' },
  { capability: 'read_activities', group: 'reads', result: 'no', evidence: 'feature_off' },
  { capability: 'edit_deals', group: 'writes', result: 'no', evidence: 'permission_own_only' },
]

for (const language of ['en', 'de'] as const) {
  test(`${language}: every verdict that waits for the customer's admin has words for them, to copy and to mail`, () => {
    for (const code of codes.filter((one) => verdicts[one].turn === 'admin')) {
      const { copyForAdmin, mailForAdmin } = explain(code, connection(language), { owner, report })
      assert.ok(copyForAdmin, code)
      const mail = new URL(mailForAdmin)
      assert.deepEqual([mail.protocol, mail.pathname], ['mailto:', ''])
      assert.equal(mail.searchParams.get('body'), copyForAdmin.replaceAll('\n', '\r\n'))
      assert.match(mail.searchParams.get('subject') ?? '', /Northwind/)
      assert.ok(mailForAdmin.length < 2_000, `${code}: too long for some mail programs`)
    }
  })

  test(`${language}: no verdict leaves a gap where something is not known`, () => {
    // These speak of what was typed, so that it is known.
    for (const code of codes.filter((one) => one !== 'DOMAIN_FORMAT' && one !== 'COMPANY_MISMATCH')) {
      const told = explain(code, connection(language, { typedDomain: null }), { owner, report })
      for (const text of [told.title, told.cause, ...told.steps, told.copyForAdmin])
        assert.doesNotMatch(text, /\(\)|: \.|(^|\s)\.pipedrive|[{}]/, `${code}: ${text}`)
    }
  })
}

test('the missing rights are a list in the words for the admin', () => {
  const { copyForAdmin } = explain('LIMITED_ACCESS', connection('en'), { owner, report })
  assert.match(copyForAdmin, /\n\n- Read activities\n- Edit deals$/)
})

test('what is not switched on is named', () => {
  assert.match(explain('FEATURE_OFF', connection('en'), { owner, report }).cause, /company: Read activities\./)
})

test('another company is offered only where it may be used', () => {
  const [offered] = explain('COMPANY_MISMATCH', connection('en'), { owner }).steps
  assert.equal(offered, 'If globex is the right company, use it.')
  for (const over of [
    { expectedDomain: 'acme' },
    { connectedAt: new Date(), providerCompanyDomain: 'acme', providerCompanyName: 'Acme' },
  ]) {
    const [refused] = explain('COMPANY_MISMATCH', connection('en', over), { owner }).steps
    assert.match(refused ?? '', /^This connection is for acme\.pipedrive\.com\./)
  }
})

test('a wrong company says which one was given and which one was asked for', () => {
  const { cause } = explain('WRONG_ACCOUNT', connection('en', { expectedDomain: 'acme' }), { owner })
  assert.match(cause, /belongs to Globex.*asked for acme\.pipedrive\.com/)
})

test('nothing in a mail address can add a recipient or a header', () => {
  const mail = new URL(mailOf('a&bcc=x@y.example\nX: 1', 'b&cc=z?', 'jane+x@acme.example'))
  assert.deepEqual([...mail.searchParams.keys()], ['subject', 'body'])
  assert.equal(decodeURIComponent(mail.pathname), 'jane+x@acme.example')
})
