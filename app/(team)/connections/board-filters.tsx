import type { Route } from 'next'
import Link from 'next/link'
import type { BoardView } from '#lib/board-view.ts'
import { BOARD_TEXT_MAX, boardAddress, boardTurns, firstDirection, isFiltered } from '#lib/board-view.ts'
import { groups, statusesOf } from '#lib/connection/status.ts'
import type { Member } from '#lib/data/staff.ts'
import { fieldsOf, providerIds } from '#lib/providers/fields.ts'
import type { words } from '#lib/words.ts'

/** The filters, as a form that asks for an address: it can be kept, sent to a colleague, and left by the back button. */
export function BoardFilters({
  view,
  members,
  t,
}: {
  view: BoardView
  members: Member[]
  t: ReturnType<typeof words>
}) {
  const any = <option value="">{t('board.filter.any')}</option>
  return (
    <search>
      {/* Drawn anew for each address: a form keeps what was chosen before, whatever the server says. */}
      <form key={JSON.stringify(view)} action="/connections" method="get" autoComplete="off" className="board-filters">
        {view.by && <input type="hidden" name="by" value={view.by} />}
        {view.group && <input type="hidden" name="group" value={view.group} />}
        {view.sort !== 'changed' && <input type="hidden" name="sort" value={view.sort} />}
        {view.direction !== firstDirection[view.sort] && <input type="hidden" name="dir" value={view.direction} />}
        <div className="board-search">
          <label htmlFor="filter-text">{t('board.filter.text')}</label>
          <input
            id="filter-text"
            type="search"
            name="q"
            className="field-input"
            defaultValue={view.text}
            maxLength={BOARD_TEXT_MAX}
            aria-describedby="filter-text-hint"
          />
        </div>
        {/* A phone folds them away; a desk has room for all of them, open or not. */}
        <details className="board-more" open={isNarrowed(view)}>
          <summary className="link">{t('board.filter.more')}</summary>
          {!view.by && <StandingFilters view={view} t={t} />}
          <div>
            <label htmlFor="filter-owner">{t('board.filter.owner')}</label>
            <select id="filter-owner" name="owner" className="field-input" defaultValue={view.owner ?? ''}>
              {any}
              <option value="nobody">{t('board.filter.nobody')}</option>
              {members.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div>
            <label htmlFor="filter-provider">{t('board.filter.provider')}</label>
            <select id="filter-provider" name="provider" className="field-input" defaultValue={view.provider ?? ''}>
              {any}
              {providerIds.map((provider) => (
                <option key={provider} value={provider}>
                  {fieldsOf(provider).name}
                </option>
              ))}
            </select>
          </div>
        </details>
        <button type="submit" className="button-secondary">
          {t('board.filter.apply')}
        </button>
        {isFiltered(view) && (
          <Link
            className="link board-clear"
            prefetch={false}
            href={(view.by ? '/connections?by=turn' : '/connections') as Route}
          >
            {t('board.filter.clear')}
          </Link>
        )}
        <p id="filter-text-hint" className="field-hint">
          {t('board.filter.textHint')}
        </p>
      </form>
    </search>
  )
}

const isNarrowed = ({ status, turn, owner, provider }: BoardView) => Boolean(status || turn || owner || provider)

/** Where connections stand, and whose turn it is. Sections show all of it. */
function StandingFilters({ view, t }: { view: BoardView; t: ReturnType<typeof words> }) {
  const any = <option value="">{t('board.filter.any')}</option>
  return (
    <>
      <div>
        <label htmlFor="filter-status">{t('board.filter.status')}</label>
        <select id="filter-status" name="status" className="field-input" defaultValue={view.status ?? ''}>
          {any}
          {groups.map((group) => (
            <optgroup key={group} label={t(`board.group.${group}`)}>
              {statusesOf(group).map((status) => (
                <option key={status} value={status}>
                  {t(`board.status.${status}`)}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </div>
      <div>
        <label htmlFor="filter-turn">{t('board.column.turn')}</label>
        <select id="filter-turn" name="turn" className="field-input" defaultValue={view.turn ?? ''}>
          {any}
          {boardTurns.map((turn) => (
            <option key={turn} value={turn}>
              {t(`board.turns.${turn}`)}
            </option>
          ))}
        </select>
      </div>
    </>
  )
}

/** One list, or sections by whose turn it is; filters stay. */
export function BoardLayouts({ view, t }: { view: BoardView; t: ReturnType<typeof words> }) {
  const plain: BoardView = { ...view, group: null, turn: null, status: null, from: null }
  return (
    <nav aria-label={t('board.layouts.label')} className="board-layouts">
      {([null, 'turn'] as const).map((by) => (
        <Link
          key={by}
          className="board-layout"
          prefetch={false}
          href={boardAddress(by || view.by ? { ...plain, by } : view) as Route}
          aria-current={view.by === by || undefined}
        >
          {t(`board.layouts.${by ?? 'list'}`)}
        </Link>
      ))}
    </nav>
  )
}
