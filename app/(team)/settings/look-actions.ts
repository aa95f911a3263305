'use server'

import { redirect } from 'next/navigation'
import type { FieldsState } from '#components/ui/fields-form.tsx'
import { requireActingStaff } from '#lib/auth/session.ts'
import { contrastWithWhite, isReadable } from '#lib/colour.ts'
import { changeLogo, changeTeam, removeLogo } from '#lib/connection/team-look.ts'
import { sendSamples, sendTestMail } from '#lib/connection/test-mails.ts'
import { parseEmailAddress } from '#lib/mail/address.ts'
import { pageLanguage, pageWords } from '../../page-words.ts'
import { section } from '../sections.ts'

const TEAM_NAME_LENGTH_MAX = 80
const SENDER_LENGTH_MAX = 60
const REMINDERS_MAX = 5
const PHONE = /^\+?[\d\s()/-]{3,40}$/

/** Name, colour and support contacts. Works without JavaScript: the page comes back with what was typed. */
export async function changeLookAction(_before: FieldsState, form: FormData): Promise<FieldsState> {
  const staff = await requireActingStaff(...section.settings.roles)
  const t = await pageWords()
  const typed = readFields(form, ['teamName', 'accent', 'supportEmail', 'supportPhone'])
  const accent = typed.accent.toLowerCase()
  const contrast = contrastWithWhite(accent)
  const supportEmail = parseEmailAddress(typed.supportEmail)
  const problems = {
    ...(isOneLine(typed.teamName, TEAM_NAME_LENGTH_MAX) ? {} : { teamName: t('look.brand.problems.name') }),
    ...(accent && contrast === null ? { accent: t('look.brand.problems.accentFormat') } : {}),
    ...(contrast !== null && !isReadable(contrast)
      ? { accent: t('look.brand.problems.accentContrast', { ratio: contrast.toFixed(1) }) }
      : {}),
    ...(typed.supportEmail && !supportEmail ? { supportEmail: t('look.brand.problems.email') } : {}),
    ...(typed.supportPhone && !PHONE.test(typed.supportPhone) ? { supportPhone: t('look.brand.problems.phone') } : {}),
  }
  if (Object.keys(problems).length > 0) return { typed, problems }
  await changeTeam(staff, {
    name: typed.teamName,
    accent: accent || null,
    supportEmail,
    supportPhone: typed.supportPhone || null,
  })
  return { typed: { ...typed, accent }, problems: {}, done: t('look.said.saved') }
}

/** Sender, reminders and the life of links. */
export async function changeMailAction(_before: FieldsState, form: FormData): Promise<FieldsState> {
  const staff = await requireActingStaff(...section.settings.roles)
  const t = await pageWords()
  const typed = readFields(form, ['senderName', 'reminderDays', 'remindsBeforeEnd', 'linkDays'])
  const reminderDays = daysOf(typed.reminderDays)
  const linkDays = wholeNumber(typed.linkDays, { max: 60 })
  const isSender = typed.senderName === '' || isOneLine(typed.senderName, SENDER_LENGTH_MAX)
  if (!isSender || !reminderDays || !linkDays)
    return {
      typed,
      problems: {
        ...(isSender ? {} : { senderName: t('look.mail.problems.sender') }),
        ...(reminderDays ? {} : { reminderDays: t('look.mail.problems.reminderDays') }),
        ...(linkDays ? {} : { linkDays: t('look.mail.problems.linkDays') }),
      },
    }
  await changeTeam(staff, {
    senderName: typed.senderName || null,
    reminderDays,
    remindsBeforeEnd: typed.remindsBeforeEnd === 'yes',
    linkDays,
  })
  return { typed: { ...typed, reminderDays: reminderDays.join(', ') }, problems: {}, done: t('look.said.saved') }
}

export async function changeLogoAction(form: FormData): Promise<void> {
  const staff = await requireActingStaff(...section.settings.roles)
  const file = form.get('logo')
  const outcome = file instanceof File ? await changeLogo(staff, new Uint8Array(await file.arrayBuffer())) : 'no_logo'
  redirect(`/settings?look=${outcome === 'saved' ? 'logo_saved' : outcome}#look`)
}

export async function removeLogoAction(): Promise<void> {
  const staff = await requireActingStaff(...section.settings.roles)
  await removeLogo(staff)
  redirect('/settings?look=logo_removed#look')
}

export async function sendTestMailAction(): Promise<void> {
  const staff = await requireActingStaff(...section.settings.roles)
  const outcome = await sendTestMail(staff, await pageLanguage())
  redirect(`/settings?mail=${outcome.kind === 'sent' ? 'test_sent' : 'throttled'}#mail`)
}

export async function sendSamplesAction(): Promise<void> {
  const staff = await requireActingStaff(...section.settings.roles)
  const outcome = await sendSamples(staff)
  redirect(`/settings?mail=${outcome.kind === 'sent' ? 'samples_sent' : 'throttled'}#mail`)
}

function readFields<Name extends string>(form: FormData, names: readonly Name[]): Record<Name, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = form.get(name)
      return [name, typeof value === 'string' ? value.trim().slice(0, 300) : '']
    }),
  ) as Record<Name, string>
}

function isOneLine(text: string, lengthMax: number): boolean {
  return text !== '' && text.length <= lengthMax && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)
}

/** "2, 5, 10" in order, each once; null when it is something else. */
function daysOf(typed: string): number[] | null {
  const parts = typed.split(/[\s,;]+/).filter(Boolean)
  const days = parts.map((part) => wholeNumber(part, { max: 59 }))
  if (parts.length > REMINDERS_MAX || days.includes(null)) return null
  return [...new Set(days as number[])].sort((a, b) => a - b)
}

function wholeNumber(typed: string, { max }: { max: number }): number | null {
  const number = /^\d{1,3}$/.test(typed) ? Number(typed) : 0
  return number >= 1 && number <= max ? number : null
}
