/** What the token sees since the start date, and what an empty list may mean. */
export function SightNote({ sight }: { sight: { sentence: string; hint: string | null } | null }) {
  if (!sight) return null
  return (
    <div className="max-w-prose">
      <p>{sight.sentence}</p>
      {sight.hint && <p className="text-muted text-sm">{sight.hint}</p>}
    </div>
  )
}
