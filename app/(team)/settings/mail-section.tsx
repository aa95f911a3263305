import { FieldsForm } from '#components/ui/fields-form.tsx'
import { sampleCount } from '#lib/connection/test-mails.ts'
import type { TeamSettings } from '#lib/data/teams.ts'
import { pageWords } from '../../page-words.ts'
import { changeMailAction, sendSamplesAction, sendTestMailAction } from './look-actions.ts'

/** What leaves in the team's name, and when; and how it looks in a mailbox. */
export async function MailSection({
  team,
  email,
  said,
}: {
  team: TeamSettings
  /** The admin's own address. */
  email: string
  said: string | undefined
}) {
  const t = await pageWords()
  const told = (['test_sent', 'samples_sent', 'throttled'] as const).find((known) => known === said)
  return (
    <section aria-labelledby="mail" className="mt-10 space-y-4">
      <div>
        <h2 id="mail" className="font-semibold text-lg">
          {t('look.mail.title')}
        </h2>
        <p className="text-muted">{t('look.mail.lead')}</p>
      </div>
      {told && (
        <p role="status" className={`notice ${told === 'throttled' ? 'notice-warn' : 'notice-ok'}`}>
          <span>{t(`look.said.${told}`, { email, count: sampleCount })}</span>
        </p>
      )}
      <div className="grid items-start gap-8 lg:grid-cols-2">
        <FieldsForm
          action={changeMailAction}
          problem={t('contact.form.problem')}
          submit={t('look.mail.save')}
          typed={{
            senderName: team.senderName ?? '',
            reminderDays: team.reminderDays.join(', '),
            remindsBeforeEnd: team.remindsBeforeEnd ? 'yes' : '',
            linkDays: String(team.linkDays),
          }}
          fields={[
            {
              name: 'senderName',
              label: t('look.mail.sender'),
              hint: t('look.mail.senderHint', { sender: team.senderName ?? team.name }),
              optional: true,
              maxLength: 60,
            },
            {
              name: 'reminderDays',
              label: t('look.mail.reminderDays'),
              hint: t('look.mail.reminderHint'),
              optional: true,
              maxLength: 40,
            },
            { name: 'remindsBeforeEnd', label: t('look.mail.beforeEnd'), kind: 'checkbox' },
            { name: 'linkDays', label: t('look.mail.linkDays'), hint: t('look.mail.linkHint'), maxLength: 2 },
          ]}
        />
        <div className="card space-y-4">
          <h3 className="font-semibold">{t('look.mail.try')}</h3>
          <p className="text-muted">{t('look.mail.tryText', { email })}</p>
          <form action={sendTestMailAction}>
            <button type="submit" className="button-secondary">
              {t('look.mail.test')}
            </button>
          </form>
          <form action={sendSamplesAction}>
            <button type="submit" className="button-secondary">
              {t('look.mail.samples')}
            </button>
          </form>
        </div>
      </div>
    </section>
  )
}
