import { notFound } from 'next/navigation'
import { db } from '#lib/data/database.ts'
import { findOrCreateFirstTeam } from '#lib/data/requests.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { routes } from '../../../e2e/guards.ts'
import '../../(team)/console.css'
import '../../(team)/connections/board.css'
import { Themed } from './client-samples.tsx'
import './gallery.css'
import { samples } from './samples.tsx'

/**
 * The gallery: every status, verdict, part and page of the product with made-up values, and a list of all pages. A page
 * of the development server alone (`pageExtensions` in next.config.js): no build has it, so its words stand here.
 */

const choices = {
  language: { en: 'English', de: 'Deutsch' },
  theme: { system: 'As the system', light: 'Light', dark: 'Dark' },
  width: { phone: 'Phone', desktop: 'Desktop' },
} as const
type Choice = keyof typeof choices
type Chosen = { [Name in Choice]: keyof (typeof choices)[Name] }

const pixels = { phone: 390, desktop: 1280 } as const

type Search = Record<Choice | 'in' | 'of' | 'alone', string | undefined>

export default async function GalleryPage({ searchParams }: { searchParams: Promise<Search> }) {
  const search = await searchParams
  const chosen: Chosen = {
    language: pick('language', search.language),
    theme: pick('theme', search.theme),
    width: pick('width', search.width),
  }
  const [firstGroup = ''] = Object.keys(samples)
  const group = search.in ?? firstGroup
  const name = search.of ?? Object.keys(samples[group] ?? {})[0] ?? ''
  const Drawn = samples[group]?.[name]
  if (!Drawn) notFound()
  if (!search.alone) return <Gallery group={group} name={name} chosen={chosen} />

  const team = await findOrCreateFirstTeam(db())
  return (
    <>
      <title>{name}</title>
      <Themed theme={chosen.theme} />
      <Drawn language={chosen.language as Language} t={words(chosen.language)} team={team} />
    </>
  )
}

function pick<Name extends Choice>(name: Name, asked: string | undefined): Chosen[Name] {
  const known = Object.keys(choices[name])
  return (known.find((one) => one === asked) ?? known[0]) as Chosen[Name]
}

type Place = { group: string; name: string; chosen: Chosen }

const addressOf = ({ group, name, chosen }: Place) =>
  `/dev/ui?${new URLSearchParams({ in: group, of: name, ...chosen })}`

function Gallery(place: Place) {
  const { group, name, chosen } = place
  return (
    <div className="gallery">
      <title>{`${name} · Gallery`}</title>
      <Themed theme={chosen.theme} />
      <nav className="gallery-list" aria-label="Samples">
        <h1>Gallery</h1>
        {Object.entries(samples).map(([title, list]) => (
          <details key={title} open={title === group}>
            <summary>{`${title} (${Object.keys(list).length})`}</summary>
            <ul>
              {Object.keys(list).map((one) => (
                <li key={one}>
                  <a
                    href={addressOf({ ...place, group: title, name: one })}
                    aria-current={title === group && one === name ? 'page' : undefined}
                  >
                    {one}
                  </a>
                </li>
              ))}
            </ul>
          </details>
        ))}
        <Pages />
      </nav>
      <main id="main" className="gallery-show">
        <div className="gallery-bar">
          {(Object.keys(choices) as Choice[]).map((choice) => (
            <p key={choice}>
              {Object.entries(choices[choice]).map(([value, label]) => (
                <a
                  key={value}
                  href={addressOf({ ...place, chosen: { ...chosen, [choice]: value } })}
                  aria-current={chosen[choice] === value ? 'true' : undefined}
                >
                  {label}
                </a>
              ))}
            </p>
          ))}
          <p>
            <a href={`${addressOf(place)}&alone=yes`}>Without the frame</a>
          </p>
        </div>
        <iframe title={name} src={`${addressOf(place)}&alone=yes`} width={pixels[chosen.width]} height={844} />
      </main>
    </div>
  )
}

/** All pages there are, from the list that the guards are tested with; those without an id in their address open. */
function Pages() {
  const pages = Object.entries(routes).filter(([file]) => file.endsWith('/page.tsx'))
  return (
    <details>
      <summary>{`Pages (${pages.length})`}</summary>
      <ul>
        {pages.map(([file, row]) => {
          const address = file.replace(/^app|\/\([^)]*\)|\/page\.tsx$/g, '') || '/'
          return (
            <li key={file}>
              {address.includes('[') ? <span>{address}</span> : <a href={address}>{address}</a>}
              <small>{row.guard === 'staff' ? row.roles.join(', ') : row.guard}</small>
            </li>
          )
        })}
      </ul>
      <p>
        Letters: <a href="/settings">send yourself all of them</a> and read them in the <a href="/outbox">outbox</a>.
      </p>
    </details>
  )
}
