import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdicts } from '#lib/providers/verdicts.ts'
import { allMessages, words } from '#lib/words.ts'

const languages = ['en', 'de'] as const

test('every verdict has an explanation for the team and a reply for the customer, in each language', () => {
  for (const language of languages)
    for (const code of Object.keys(verdicts)) {
      const say = words(language)
      assert.ok(say(`replies.${code}.why`).length > 10, code)
      const reply = say(`replies.${code}.text`, { name: 'Jane Miller', reference: 'KTR-482' })
      assert.ok(reply.includes('Jane Miller') && reply.includes('KTR-482'), code)
      // A reply travels by ordinary mail: it holds no link and asks for nothing secret.
      assert.doesNotMatch(reply, /https?:\/\/\S|\/l\//, code)
    }
})

test('every group of audit actions has a name', () => {
  for (const language of languages) {
    const { actions, groups } = allMessages[language].audit
    assert.deepEqual(Object.keys(actions).sort(), Object.keys(groups).sort())
  }
})
