export type Choice = { value: string; label: string; hint?: string }

/** A list to tick in. The first box is where a notice of problems leads. */
export function Ticks({
  name,
  label,
  hint,
  choices,
  ticked,
  error,
}: {
  name: string
  label: string
  hint?: string
  choices: Choice[]
  ticked: string[]
  error?: string
}) {
  return (
    <fieldset className="field" aria-describedby={error && `field-${name}-error`}>
      <legend className="field-label">{label}</legend>
      {hint && <p className="field-hint">{hint}</p>}
      {error && (
        <p id={`field-${name}-error`} className="field-error">
          {error}
        </p>
      )}
      {choices.map(({ value, label, hint }, index) => (
        <label key={value} className="choice">
          <input
            id={index === 0 ? `field-${name}` : undefined}
            type="checkbox"
            name={name}
            value={value}
            defaultChecked={ticked.includes(value)}
          />
          <span>
            <span className="block font-semibold">{label}</span>
            {hint && <span className="block text-muted text-sm">{hint}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  )
}
