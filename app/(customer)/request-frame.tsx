import type { ReactNode } from 'react'
import type { FrameBrand } from '#components/connect/customer-frame.tsx'
import { CustomerFrame } from '#components/connect/customer-frame.tsx'
import { db } from '#lib/data/database.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'

/** What the frame says about a request; connections know it, too. */
export type FramedRequest = {
  teamId: string
  language: Language
  teamName: string
  ownerName: string | null
  reference: string
} & ({ requestId: string } | { id: string })

/** The frame around the pages of one request: in its language, with the look of its team. */
export async function RequestFrame({
  request,
  title,
  narrow = false,
  showsReference = true,
  children,
}: {
  request: FramedRequest
  title?: string
  narrow?: boolean
  /** Not where whoever reads may be a stranger. */
  showsReference?: boolean
  children: ReactNode
}) {
  const t = words(request.language)
  const requestId = 'requestId' in request ? request.requestId : request.id
  return (
    <CustomerFrame
      language={request.language}
      teamName={request.teamName}
      brand={await findBrand(request.teamId)}
      narrow={narrow}
      helpPath={`/help?request=${requestId}`}
      words={{
        help: t('pages.frame.help'),
        handledBy: t('pages.frame.handledBy', { host: new URL(env().portalOrigin).host }),
        support: t('pages.frame.support', { team: request.teamName }),
        ...(showsReference
          ? {
              notSure: t('pages.frame.notSure', { contact: request.ownerName ?? request.teamName }),
              reference: t('pages.frame.reference', { reference: request.reference }),
            }
          : {}),
      }}
    >
      {title && <title>{`${title} · ${request.teamName}`}</title>}
      {children}
    </CustomerFrame>
  )
}

/** How a team looks to its customers. */
export async function findBrand(teamId: string): Promise<FrameBrand> {
  const { accent, logo, supportEmail, supportPhone } = await getTeamSettings(db(), teamId)
  return { accent, logoPath: logo && `/brand/${logo.digest}`, supportEmail, supportPhone }
}
