import { headers } from 'next/headers'
import { Button } from '#components/ui/button.tsx'
import { answerWith } from '#lib/answer.ts'
import { findByStopKey } from '#lib/connection/reminders.ts'
import { words } from '#lib/words.ts'
import { EndedPage } from '../../ended-page.tsx'
import { RequestFrame } from '../../request-frame.tsx'
import { stopRemindersAction } from './actions.ts'

/** "Stop reminders" in a letter leads here. Opening stops nothing: mail scanners open every link. */
export default async function RemindersPage({ params }: { params: Promise<{ stopKey: string }> }) {
  const { stopKey } = await params
  const request = await findByStopKey(decodeURIComponent(stopKey))
  if (!request) {
    answerWith(await headers(), { status: 404 })
    return <EndedPage kind="unknown" link={null} />
  }
  const t = words(request.language)
  const values = { team: request.teamName, project: request.project }
  const stopped = request.remindersStoppedAt !== null
  const title = t(stopped ? 'contact.reminders.stoppedTitle' : 'contact.reminders.title')
  return (
    <RequestFrame request={request} title={title} narrow showsReference={false}>
      <div className="max-w-prose space-y-6">
        <h1 className="font-bold text-2xl sm:text-3xl">{title}</h1>
        <p className="text-lg">{t(stopped ? 'contact.reminders.stopped' : 'contact.reminders.lead', values)}</p>
        {!stopped && (
          <form action={stopRemindersAction.bind(null, stopKey)}>
            <Button type="submit">{t('contact.reminders.stop')}</Button>
          </form>
        )}
      </div>
    </RequestFrame>
  )
}
