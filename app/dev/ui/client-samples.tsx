'use client'

import { useEffect } from 'react'
import { ErrorSummary } from '#components/connect/error-summary.tsx'
import { ActionDialog } from '#components/connection/action-dialog.tsx'
import { SessionEnd } from '#components/team/session-end.tsx'
import { Fault } from '#components/ui/fault.tsx'
import { FieldsForm, type FieldsState } from '#components/ui/fields-form.tsx'

/** Components that want a function, which no server page can give them. Nothing here is sent anywhere. */

type Texts = Record<string, string>
const same = async <State,>(before: State): Promise<State> => before

export function FaultSample() {
  return <Fault error={{ digest: '1234567890' }} retry={() => location.reload()} />
}

export function SessionEndSample({ words }: { words: { title: string; text: string; link: string } }) {
  return <SessionEnd endsAt={0} words={words} />
}

export function SummarySample({ heading, errors }: { heading: string; errors: { name: string; text: string }[] }) {
  return <ErrorSummary heading={heading} errors={errors} attempt="1" />
}

/** Every kind of field; a press answers that each of them is wrong. */
export function FieldsSample({ texts }: { texts: Texts }) {
  const kinds = ['text', 'email', 'tel', 'number', 'textarea', 'checkbox', 'radio'] as const
  const refuse = async (_before: FieldsState, form: FormData): Promise<FieldsState> => ({
    typed: Object.fromEntries([...form].map(([name, value]) => [name, String(value)])),
    problems: Object.fromEntries(kinds.map((kind) => [kind, `${kind}: ${texts.problem}`])),
  })
  return (
    <FieldsForm
      action={refuse}
      problem={texts.problem ?? ''}
      submit={texts.submit ?? ''}
      fields={kinds.map((kind) => ({
        name: kind,
        kind,
        label: kind,
        hint: texts.hint,
        optional: true,
        choices: ['one', 'two'].map((value) => ({ value, label: value })),
      }))}
    />
  )
}

export function DialogSample({ dangerous = false, texts }: { dangerous?: boolean; texts: Texts }) {
  return (
    <ActionDialog
      title={texts.title ?? ''}
      lead={texts.lead ?? ''}
      verb={texts.verb ?? ''}
      dangerous={dangerous}
      fields={[{ name: 'reason', label: texts.reason ?? '', hint: texts.reasonHint }]}
      hidden={{}}
      action={same}
      backHref="/dev/ui"
      words={{
        cancel: texts.cancel ?? '',
        copy: texts.copy ?? '',
        copied: texts.copied ?? '',
        close: texts.close ?? '',
      }}
    />
  )
}

/** The console keeps the choice in a cookie; here it stands in the address. */
export function Themed({ theme }: { theme: string }) {
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }, [theme])
  return null
}
