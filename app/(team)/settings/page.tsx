import Link from 'next/link'
import { Notices } from '#components/team/notices.tsx'
import { againPath, isFresh, requireStaff } from '#lib/auth/session.ts'
import { db } from '#lib/data/database.ts'
import { listMembers } from '#lib/data/staff.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { pageLanguage, pageWords } from '../../page-words.ts'
import type { FreezeSearch } from '../freezes/freeze-section.tsx'
import { FreezeSection } from '../freezes/freeze-section.tsx'
import { loadNotices } from '../notices.ts'
import { section } from '../sections.ts'
import { addMemberAction } from './actions.ts'
import { AddMemberForm } from './add-member-form.tsx'
import { IntegrationsSection } from './integrations-section.tsx'
import { LookSection } from './look-section.tsx'
import { MailSection } from './mail-section.tsx'
import { MemberRow } from './member-row.tsx'

const good = ['added', 'done'] as const
const bad = ['exists', 'unknown', 'yourself', 'last_admin'] as const
const roles = ['admin', 'account_manager', 'support'] as const

/** The team's settings: who may sign in, how customers see the team, and what leaves in its name. */
export default async function SettingsPage({
  searchParams,
}: {
  searchParams: Promise<FreezeSearch & { said?: string; look?: string; mail?: string }>
}) {
  const staff = await requireStaff(...section.settings.roles)
  const [members, canChange, language, t] = await Promise.all([
    listMembers(db(), staff),
    isFresh(),
    pageLanguage(),
    pageWords(),
  ])
  const search = await searchParams
  const { said, look, mail } = search
  const notices = await loadNotices(staff, language)
  const team = await getTeamSettings(db(), staff.teamId)
  const me = members.find(({ id }) => id === staff.staffId)
  const told = [...good, ...bad].find((known) => known === said)
  const isGood = good.some((known) => known === told)
  return (
    <>
      <title>{`${t('team.settings.title')} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{t('team.settings.title')}</h1>
      <Notices notices={notices} />
      {told && (
        <p role={isGood ? 'status' : 'alert'} className={`notice ${isGood ? 'notice-ok' : 'notice-error'}`}>
          <span>{t(`team.settings.said.${told}`)}</span>
        </p>
      )}
      <section aria-labelledby="members" className="space-y-4">
        <div>
          <h2 id="members" className="font-semibold text-lg">
            {t('team.settings.members')}
          </h2>
          <p className="text-muted">{t('team.settings.membersLead')}</p>
        </div>
        {!canChange && (
          <div className="card flex flex-wrap items-center justify-between gap-3">
            <p>{t('team.settings.fresh')}</p>
            <Link className="button-secondary" prefetch={false} href={await againPath()}>
              {t('team.settings.confirm')}
            </Link>
          </div>
        )}
        <table className="rows">
          <caption className="sr-only">{t('team.settings.members')}</caption>
          <thead>
            <tr>
              {['name', 'email', 'role', 'state'].map((name) => (
                <th key={name} scope="col">
                  {t(`team.settings.${name}`)}
                </th>
              ))}
              {canChange && <td />}
            </tr>
          </thead>
          <tbody>
            {members.map((member) => (
              <MemberRow
                key={member.id}
                member={member}
                isSelf={member.id === staff.staffId}
                canChange={canChange}
                language={language}
              />
            ))}
          </tbody>
        </table>
        {canChange && (
          <AddMemberForm
            action={addMemberAction}
            roles={roles.map((role) => ({
              value: role,
              label: t(`team.roles.${role}`),
              hint: t(`team.settings.roleHints.${role}`),
            }))}
            words={{
              title: t('team.settings.add'),
              lead: t('team.settings.addText'),
              name: t('team.settings.name'),
              email: t('team.settings.email'),
              role: t('team.settings.role'),
              add: t('team.settings.addButton'),
            }}
          />
        )}
      </section>
      <IntegrationsSection />
      <FreezeSection staff={staff} base="settings" search={search} language={language} />
      <LookSection team={team} said={look} />
      <MailSection team={team} email={me?.email ?? ''} said={mail} />
    </>
  )
}
