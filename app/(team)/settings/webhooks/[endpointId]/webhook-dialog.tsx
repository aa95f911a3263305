import type { DialogField } from '#components/connection/action-dialog.tsx'
import { ActionDialog } from '#components/connection/action-dialog.tsx'
import { SECRET_OVERLAP_HOURS_NORMAL } from '#lib/connection/webhooks.ts'
import type { EndpointSummary } from '#lib/data/webhook-endpoints.ts'
import type { Language } from '#lib/words.ts'
import { words } from '#lib/words.ts'
import { deleteWebhookAction, disableWebhookAction, rollSecretAction } from '../actions.ts'

const actions = { roll: rollSecretAction, disable: disableWebhookAction, delete: deleteWebhookAction } as const
const doings = ['roll', 'disable', 'delete'] as const

/** The step that was asked for, waiting for a yes. */
export function WebhookDialog({
  asked,
  endpoint: { id, name },
  language,
}: {
  asked: string | undefined
  endpoint: EndpointSummary
  language: Language
}) {
  const doing = doings.find((known) => known === asked)
  if (!doing) return null
  const t = words(language)
  return (
    <ActionDialog
      key={doing}
      title={t(`webhooks.dialog.${doing}.title`, { name })}
      lead={t(`webhooks.dialog.${doing}.lead`)}
      verb={t(`webhooks.dialog.${doing}.verb`)}
      dangerous={doing !== 'roll'}
      fields={fields()}
      hidden={{ endpointId: id }}
      action={actions[doing]}
      backHref={`/settings/webhooks/${id}`}
      words={{
        cancel: t('webhooks.dialog.cancel'),
        copy: t('webhooks.shown.copy'),
        copied: t('webhooks.shown.copied'),
        close: t('webhooks.shown.close'),
      }}
    />
  )

  function fields(): DialogField[] {
    if (doing === 'delete') return [{ name: 'typedName', label: t('webhooks.dialog.delete.name', { name }) }]
    if (doing !== 'roll') return []
    return [
      {
        name: 'overlapHours',
        label: t('webhooks.dialog.roll.hours'),
        hint: t('webhooks.dialog.roll.hoursHint'),
        type: 'number',
        value: String(SECRET_OVERLAP_HOURS_NORMAL),
      },
    ]
  }
}
