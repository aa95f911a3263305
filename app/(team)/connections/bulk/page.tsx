import type { Route } from 'next'
import Link from 'next/link'
import { forbidden } from 'next/navigation'
import { requireStaff } from '#lib/auth/session.ts'
import { boardAddress, readBoardView } from '#lib/board-view.ts'
import type { BulkWork, PlannedRow } from '#lib/connection/bulk.ts'
import { bulkWorks, mayDo, planBulk } from '#lib/connection/bulk.ts'
import { LINK_DAYS_MAX } from '#lib/connection/request-schema.ts'
import { SNOOZE_DAYS_MAX } from '#lib/connection/snooze.ts'
import { BOARD_ROWS_MAX } from '#lib/data/board.ts'
import { db } from '#lib/data/database.ts'
import { listMembers } from '#lib/data/staff.ts'
import { getTeamSettings } from '#lib/data/teams.ts'
import { formatDateTime } from '#lib/format.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { pageLanguage } from '../../../page-words.ts'
import { section } from '../../sections.ts'
import { bulkAction } from './actions.ts'
import { BulkForm } from './bulk-form.tsx'
import { REASON_LENGTH_MAX } from './read-order.ts'
import '../board.css'

type Props = { searchParams: Promise<Record<string, string | string[] | undefined>> }

/** Says what would happen to the chosen connections, and to which not and why. Nothing is done before the button. */
export default async function BulkPage({ searchParams }: Props) {
  const staff = await requireStaff(...section.connections.roles)
  const given = await searchParams
  const work = bulkWorks.find((known) => known === given.do)
  if (work && !mayDo(staff.role, work)) forbidden()
  const language = await pageLanguage()
  const t = words(language)
  const chosen = [...new Set([given.id ?? []].flat())].filter((id) => /^con_[0-9a-z]{26}$/.test(id))
  const ids = chosen.slice(0, BOARD_ROWS_MAX)
  const back = backTo(given.back)
  const plan = work ? await planBulk(staff, { work, connectionIds: ids }) : []
  if (!work || plan.length === 0)
    return <Nothing title={t('board.bulk.none.title')} text={t('board.bulk.none.text')} back={back} t={t} />

  const members = work === 'assign' ? await listMembers(db(), staff) : []
  const willDo = plan.filter(({ skip }) => !skip)
  const count = countOf(work, willDo)
  const title = t(`board.bulk.title.${work}`)
  return (
    <div className="bulk">
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="console-title">{title}</h1>
      <BulkForm
        lead={
          <>
            <p>{count > 0 ? t(`board.bulk.lead.${work}`, { count }) : t('board.bulk.nothing')}</p>
            {chosen.length > ids.length && (
              <p className="text-muted">{t('board.bulk.tooMany', { max: BOARD_ROWS_MAX })}</p>
            )}
            {ids.length > plan.length && (
              <p className="text-muted">{t('board.bulk.unknown', { count: ids.length - plan.length })}</p>
            )}
          </>
        }
        action={bulkAction}
        work={work}
        back={back}
        will={willDo.map((planned) => ({ ...shown(planned), text: sayWill(work, planned, language) }))}
        willNot={plan
          .filter(({ skip }) => skip)
          .map((planned) => ({ ...shown(planned), text: t(`board.bulk.skip.${planned.skip}`) }))}
        members={members
          .filter(({ role, disabledAt }) => role !== 'support' && !disabledAt)
          .map(({ id, name }) => ({ id, name }))}
        limits={{
          linkDays: (await getTeamSettings(db(), staff.teamId)).linkDays,
          linkDaysMax: LINK_DAYS_MAX,
          reason: REASON_LENGTH_MAX,
          ...snoozeDays(),
        }}
        words={formWords(work, count, t)}
      />
    </div>
  )
}

type T = ReturnType<typeof words>

/** Links are counted once, however many of the chosen connections hang on them. */
function countOf(work: BulkWork, planned: PlannedRow[]): number {
  if (work === 'assign' || work === 'snooze') return planned.length
  return new Set(planned.map(({ row }) => row.requestId)).size
}

function shown({ row }: PlannedRow) {
  return { id: row.id, customer: row.customerName, name: row.name }
}

function sayWill(work: BulkWork, { row, sharing }: PlannedRow, language: Language): string {
  const t = words(language)
  const what = t(`board.bulk.rowWill.${work}`, {
    owner: row.ownerName ?? t('board.noOwner'),
    email: row.contactEmail,
    end: row.linkExpiresAt ? formatDateTime(row.linkExpiresAt, language) : t('board.noLink'),
  })
  return sharing > 1 && work !== 'snooze' ? `${what}. ${t('board.bulk.sharing', { count: sharing })}` : what
}

function snoozeDays() {
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
  return { firstDay: day(1), lastDay: day(SNOOZE_DAYS_MAX), aWeek: day(7) }
}

function formWords(work: BulkWork, count: number, t: T) {
  return {
    will: t('board.bulk.will'),
    willNot: t('board.bulk.willNot'),
    confirm: t(`board.bulk.confirm.${work}`, { count }),
    cancel: t('board.bulk.cancel'),
    back: t('board.bulk.back'),
    customer: t('board.column.customer'),
    owner: t('board.bulk.field.owner'),
    until: t('board.bulk.field.until'),
    untilHint: t('board.bulk.field.untilHint', { days: SNOOZE_DAYS_MAX }),
    note: t('board.bulk.field.note'),
    days: t('board.bulk.field.days'),
    daysHint: t('board.bulk.field.daysHint', { days: LINK_DAYS_MAX }),
    reason: t(work === 'revoke' ? 'board.bulk.field.reason' : 'board.bulk.field.reasonOptional'),
    reasonHint: t('board.bulk.field.reasonHint'),
  }
}

/** The board as it was left. Only ever our own page: the address is read and written anew. */
function backTo(given: string | string[] | undefined): string {
  const search = String([given].flat()[0] ?? '').split('?')[1] ?? ''
  return boardAddress(readBoardView(Object.fromEntries(new URLSearchParams(search))))
}

function Nothing({ title, text, back, t }: { title: string; text: string; back: string; t: T }) {
  return (
    <div className="card board-instead">
      <title>{`${title} · ${t('fault.product')}`}</title>
      <h1 className="font-semibold text-lg">{title}</h1>
      <p className="text-muted">{text}</p>
      <Link className="button-secondary" prefetch={false} href={back as Route}>
        {t('board.bulk.back')}
      </Link>
    </div>
  )
}
