import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { findLinkAccess } from '#lib/auth/secure-link.ts'
import { db } from '#lib/data/database.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { usualProvider } from '#lib/providers/fields.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../page-words.ts'
import { findBrand } from '../request-frame.tsx'

const topics = ['stored', 'read', 'check', 'long', 'stop', 'real'] as const

/** C11: what is stored, who can read it, for how long, and how to stop it. */
export default async function HelpPage({ searchParams }: { searchParams: Promise<{ request?: string }> }) {
  const team = await findTeam((await searchParams).request)
  const language = await pageLanguage()
  const t = words(language)
  return (
    <CustomerFrame
      language={language}
      teamName={team?.name ?? null}
      brand={team && (await findBrand(team.id))}
      narrow
      words={{
        help: t('pages.frame.help'),
        support: t('pages.frame.support', { team: team?.name ?? '' }),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
      }}
    >
      <title>{t('pages.help.title')}</title>
      <div className="max-w-prose space-y-8">
        <h1 className="font-bold text-2xl sm:text-3xl">{t('pages.help.title')}</h1>
        <p className="text-lg">{t('pages.help.lead')}</p>
        {topics.map((topic) => (
          <section key={topic} aria-labelledby={topic}>
            <h2 id={topic} className="mb-1 font-semibold text-lg">
              {t(`pages.help.${topic}Title`)}
            </h2>
            <p>{t(`pages.help.${topic}`)}</p>
          </section>
        ))}
        <p>
          <a className="link" href={`/guides/${usualProvider}`}>
            {t('pages.help.guide')}
          </a>
        </p>
      </div>
    </CustomerFrame>
  )
}

/** Whose help it is: the team of a link that this browser has opened. Others read the same page without a team. */
async function findTeam(requestId: string | undefined): Promise<{ id: string; name: string } | null> {
  const access = requestId ? await findLinkAccess({ requestId }) : null
  if (!access || access.kind === 'none') return null
  const { teamId } = access.link
  return { id: teamId, name: (await getTeamSettings(db(), teamId)).name }
}
