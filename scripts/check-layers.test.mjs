import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findBreaches } from './check-layers.mjs'

const guarded = "import 'server-only'\n"

const cases = [
  [
    'a page may call the story',
    { 'app/page.tsx': "import { connect } from '#lib/connection/connect.ts'", 'lib/connection/connect.ts': guarded },
    [],
  ],
  [
    'a page may not reach the vault',
    { 'app/page.tsx': "import { open } from '#lib/crypto/envelope.ts'" },
    [/app must not import lib\/crypto\/envelope\.ts.*lib\/connection/],
  ],
  [
    'a page may not write mail',
    { 'app/page.tsx': "import { send } from '#lib/mail/send.ts'" },
    [/app must not import/],
  ],
  [
    'a provider knows no environment',
    { 'lib/providers/xero/verify.ts': "import { env } from '#lib/env.ts'" },
    [/providers must not import lib\/env\.ts/],
  ],
  [
    'nobody knows one provider, types included',
    { 'app/page.tsx': "import type { Steps } from '#lib/providers/xero/guide/steps.tsx'" },
    [/app\/page\.tsx: must not know one provider.*registry\.ts/],
  ],
  [
    'the contract, the guide kit and a fake are for everybody',
    {
      'bin/demo.mjs': "const { start } = await import('../lib/providers/xero/fake.ts')",
      'components/a.tsx':
        "import { Figure } from '#lib/providers/guide-kit/figure.tsx'\nimport { fieldsOf } from '#lib/providers/fields.ts'",
    },
    [],
  ],
  ['a provider may call out', { 'lib/providers/xero/verify.ts': "import { get } from '#lib/http.ts'" }, []],
  [
    'data does not call the story',
    { 'lib/data/a.ts': `${guarded}import { connect } from '../connection/connect.ts'` },
    [/data must not import lib\/connection/],
  ],
  [
    'types are free',
    {
      'lib/data/a.ts':
        "import type { Status } from '#lib/connection/status.ts'\nimport { type Verdict } from '#lib/providers/provider.ts'",
    },
    [],
  ],
  [
    'a component reads no data',
    { 'components/a.tsx': "import { db } from '#lib/data/database.ts'" },
    [/components must not import/],
  ],
  [
    'two files in a circle',
    { 'lib/a.ts': "import './b.ts'", 'lib/b.ts': "export { c } from './a.ts'" },
    [/circle: lib\/a\.ts -> lib\/b\.ts -> lib\/a\.ts/],
  ],
  [
    'a guarded folder says so',
    { 'lib/data/a.ts': "import { readFileSync } from 'node:fs'" },
    [/first line must be: import 'server-only'/],
  ],
  [
    'what uses a guarded file is guarded',
    { 'lib/auth/a.ts': "import { db } from '#lib/data/b.ts'", 'lib/data/b.ts': guarded },
    [/first line must be/],
  ],
  ['a pure list may be shared', { 'lib/connection/status.ts': 'export const statuses = []' }, []],
  [
    'crypto stays in one folder',
    { 'lib/data/a.ts': `${guarded}import { createHash } from 'node:crypto'` },
    [/must not import node:crypto/],
  ],
  [
    'settings are read in one file',
    { 'lib/data/a.ts': 'const x = process.env.HOME' },
    [/Instead: add the variable to lib\/env\.ts/],
  ],
  ['build constants are no settings', { 'proxy.ts': "const dev = process.env.NODE_ENV === 'development'" }, []],
  [
    'a form without a method would use GET',
    { 'app/a.tsx': '<form onSubmit={(e) => go(e)}><input /></form>' },
    [/neither action= nor method/],
  ],
  ['a form with an action posts', { 'app/a.tsx': '<form onSubmit={(e) => go(e)} action={formAction}>' }, []],
  ['no raw HTML', { 'app/a.tsx': '<p dangerouslySetInnerHTML={x} />' }, [/dangerouslySetInnerHTML/]],
  [
    'what a comment says is no import',
    { 'lib/data/a.ts': "// import { x } from '#lib/connection/x.ts'\n/* process.env.X */" },
    [],
  ],
]

for (const [title, files, expected] of cases) {
  test(title, () => {
    const breaches = findBreaches(new Map(Object.entries(files)))
    assert.equal(breaches.length, expected.length, breaches.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(breaches[index], pattern)
  })
}
