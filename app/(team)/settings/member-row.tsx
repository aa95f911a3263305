import type { Member } from '#lib/data/staff.ts'
import { formatDate } from '#lib/format.ts'
import { type Language, words } from '#lib/words.ts'
import { changeRoleAction, disableMemberAction, enableMemberAction } from './actions.ts'

const roles = ['admin', 'account_manager', 'support'] as const

/** One member: who it is, what they may do, and behind "Change" the ways to change that. */
export function MemberRow({
  member,
  isSelf,
  canChange,
  language,
}: {
  member: Member
  isSelf: boolean
  canChange: boolean
  language: Language
}) {
  const t = words(language)
  const { name, disabledAt } = member
  return (
    <tr>
      <th scope="row">
        <bdi>{name}</bdi>
        {isSelf && <span className="font-normal text-muted"> ({t('team.settings.you')})</span>}
      </th>
      <td data-label={t('team.settings.email')}>
        <bdi>{member.email}</bdi>
      </td>
      <td data-label={t('team.settings.role')}>{t(`team.roles.${member.role}`)}</td>
      <td data-label={t('team.settings.state')} className={disabledAt ? 'text-muted' : undefined}>
        {disabledAt
          ? t('team.settings.disabled', { date: formatDate(disabledAt, language) })
          : t('team.settings.active')}
      </td>
      {canChange && (
        <td>
          <details key={`${member.role} ${disabledAt}`} className="row-menu">
            <summary>
              {t('team.settings.change')} <span className="sr-only">{name}</span>
            </summary>
            <div className="row-menu-body">{disabledAt ? <Enable /> : <Change />}</div>
          </details>
        </td>
      )}
    </tr>
  )

  function Enable() {
    return (
      <form action={enableMemberAction}>
        <input type="hidden" name="staffId" value={member.id} />
        <button type="submit" className="button-secondary">
          {t('team.settings.enable', { name })}
        </button>
      </form>
    )
  }

  function Change() {
    return (
      <>
        <form action={changeRoleAction} className="space-y-2">
          <input type="hidden" name="staffId" value={member.id} />
          <label className="block text-sm" htmlFor={`role-${member.id}`}>
            {t('team.settings.roleOf', { name })}
          </label>
          <select id={`role-${member.id}`} name="role" defaultValue={member.role} className="field-input">
            {roles.map((role) => (
              <option key={role} value={role}>
                {t(`team.roles.${role}`)}
              </option>
            ))}
          </select>
          <button type="submit" className="button-secondary">
            {t('team.settings.changeRole', { name })}
          </button>
        </form>
        {isSelf ? (
          <p className="text-muted text-sm">{t('team.settings.cannotYourself')}</p>
        ) : (
          <form action={disableMemberAction} className="space-y-2">
            <input type="hidden" name="staffId" value={member.id} />
            <p className="text-muted text-sm">{t('team.settings.disableText', { name })}</p>
            <button type="submit" className="button-secondary button-danger">
              {t('team.settings.disable', { name })}
            </button>
          </form>
        )}
      </>
    )
  }
}
