'use client'

import { useActionState } from 'react'
import { Button } from '#components/ui/button.tsx'
import { TextField } from '#components/ui/text-field.tsx'
import type { StaffRole } from '#lib/actor.ts'
import type { AddState } from './actions.ts'

const empty: AddState = { typed: { name: '', email: '', role: 'account_manager' }, problems: {} }

/** Adds a member. What was typed comes back with the problems. */
export function AddMemberForm({
  action,
  roles,
  words,
}: {
  action: (before: AddState, form: FormData) => Promise<AddState>
  roles: { value: StaffRole; label: string; hint: string }[]
  words: { title: string; lead: string; name: string; email: string; role: string; add: string }
}) {
  const [{ typed, problems }, formAction, isSending] = useActionState(action, empty)
  const hasProblems = Object.keys(problems).length > 0
  return (
    <details className="disclosure" open={hasProblems || undefined}>
      <summary>{words.title}</summary>
      <div className="disclosure-body">
        <p className="text-muted">{words.lead}</p>
        {/* A new answer draws new fields: React would empty the old ones. */}
        <form key={JSON.stringify([typed, problems])} action={formAction} className="max-w-md">
          <TextField
            label={words.name}
            name="name"
            autoComplete="off"
            required
            maxLength={100}
            defaultValue={typed.name}
            error={problems.name}
          />
          <TextField
            label={words.email}
            name="email"
            type="email"
            autoComplete="off"
            required
            maxLength={254}
            defaultValue={typed.email}
            error={problems.email}
          />
          <fieldset className="field">
            <legend className="field-label">{words.role}</legend>
            {problems.role && <p className="field-error">{problems.role}</p>}
            {roles.map((role) => (
              <label key={role.value} className="choice">
                <input type="radio" name="role" value={role.value} defaultChecked={role.value === typed.role} />
                <span>
                  <span className="block font-semibold">{role.label}</span>
                  <span className="block text-muted text-sm">{role.hint}</span>
                </span>
              </label>
            ))}
          </fieldset>
          <Button type="submit" className="mt-6" aria-disabled={isSending || undefined}>
            {words.add}
          </Button>
        </form>
      </div>
    </details>
  )
}
