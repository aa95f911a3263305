import type { TypedProfile } from '../../app/(team)/profiles/typed.ts'

const radios = {
  startDate: ['hidden', 'optional', 'required'],
  mode: ['collect', 'rotate'],
} as const
const switches = ['accountAdmin', 'limitsAllowed'] as const

/** What else is asked of the customer: one of several, or yes and no. */
export function Choices({
  typed,
  problems,
  words,
}: {
  typed: TypedProfile
  problems: Record<string, string>
  words: Record<string, string>
}) {
  return (
    <>
      {(['startDate', 'mode'] as const).map((name) => (
        <fieldset key={name} id={`field-${name}`} className="field mt-6">
          <legend className="field-label">{words[name]}</legend>
          {problems[name] && <p className="field-error">{problems[name]}</p>}
          {radios[name].map((value) => (
            <label key={value} className="choice">
              <input type="radio" name={name} value={value} defaultChecked={typed[name] === value} />
              <span>{words[`${name}_${value}`]}</span>
            </label>
          ))}
        </fieldset>
      ))}
      <div className="field my-6">
        {switches.map((name) => (
          <label key={name} className="choice">
            <input type="checkbox" name={name} value="yes" defaultChecked={typed[name]} />
            <span>{words[name]}</span>
          </label>
        ))}
      </div>
    </>
  )
}
