import 'server-only'
import type { CustomerConnection } from '#lib/data/connections.ts'
import { formatDate, formatDateTime } from '#lib/format.ts'
import { words } from '#lib/words.ts'
import { describeProfile } from './profile-words.ts'
import type { Profile } from './profiles.ts'

/** How the customer's page begins: who asks for what, and what becomes of it. */
export type Introduced = {
  title: string
  lead: string
  note: { by: string; text: string } | null
  needTitle: string
  needs: string[]
  promiseTitle: string
  promises: string[]
}

export function introduce(
  connection: Pick<
    CustomerConnection,
    | 'language'
    | 'customerName'
    | 'teamName'
    | 'ownerName'
    | 'project'
    | 'note'
    | 'requestedAt'
    | 'connectedAt'
    | 'checkedAt'
  > & { exposedAt?: Date | null },
  profile: Profile,
): Introduced {
  const { language, teamName: team, ownerName, project, note, requestedAt } = connection
  const t = words(language)
  const isRepair = connection.connectedAt !== null
  const exposed = Boolean(connection.exposedAt)
  const names = { customer: connection.customerName, team }
  const contact = ownerName ?? team
  return {
    title: t(
      exposed ? 'pages.connect.rotateTitle' : isRepair ? 'pages.connect.repairTitle' : 'pages.connect.title',
      names,
    ),
    lead: exposed
      ? t('pages.connect.rotateWhy', { project, team })
      : isRepair
        ? t('pages.connect.repairWhy', {
            project,
            date: formatDateTime(connection.checkedAt ?? requestedAt, language),
          })
        : t(ownerName ? 'pages.connect.lead' : 'pages.connect.leadTeam', {
            contact,
            team,
            project,
            date: formatDate(requestedAt, language),
          }),
    note: note ? { by: t('pages.connect.note', { contact }), text: note } : null,
    needTitle: t('pages.connect.needTitle'),
    needs: [
      t(profile.accountAdmin ? 'pages.connect.needAdmin' : 'pages.connect.needLogin'),
      t('pages.connect.needPage'),
      ...(exposed || (profile.mode === 'rotate' && !isRepair) ? [t('pages.connect.needNewToken')] : []),
    ],
    promiseTitle: t('pages.connect.promiseTitle'),
    promises: [
      ...describeProfile(profile, language, team).promise,
      t('pages.connect.promiseSealed'),
      t('pages.connect.promiseStop'),
    ],
  }
}
