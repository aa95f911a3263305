import type { ReactNode } from 'react'
import type { IconName } from '#lib/providers/guide-kit/icons.tsx'
import { Icon } from '#lib/providers/guide-kit/icons.tsx'

const tones = {
  ok: ['connected'],
  warn: ['connected_limited', 'needs_customer', 'needs_confirmation', 'needs_manager', 'stopped', 'undeliverable'],
  wait: ['sent', 'visited', 'queued', 'waiting_provider', 'off_boarding'],
  edit: ['draft'],
} as const

const icons = { ok: 'check', warn: 'alert', wait: 'clock', edit: 'pencil', stop: 'stop' } satisfies Record<
  string,
  IconName
>

/** Where a connection stands: icon, word and colour, never colour alone. */
export function StatusBadge({
  status,
  drawnAs = status,
  verdict,
  isOneOfMany = false,
  children,
}: {
  status: string
  /** Where the page knows better than the connection: nothing was sent, but somebody has to mend the form. */
  drawnAs?: string
  verdict?: string | null
  /** One row of a page whose own badge says where all of it stands: programs read that one. */
  isOneOfMany?: boolean
  children: ReactNode
}) {
  const tone = toneOf(drawnAs)
  const forPrograms = isOneOfMany ? {} : { 'data-status': status, 'data-verdict': verdict ?? undefined }
  return (
    <span className={`badge badge-${tone}`} {...forPrograms}>
      <Icon name={icons[tone]} />
      {children}
    </span>
  )
}

/** Whatever is over, and whatever we do not know, is a stop sign. */
function toneOf(status: string): keyof typeof icons {
  for (const tone of ['ok', 'warn', 'wait', 'edit'] as const) {
    if ((tones[tone] as readonly string[]).includes(status)) return tone
  }
  return 'stop'
}
