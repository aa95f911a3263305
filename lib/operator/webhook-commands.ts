import 'server-only'
import * as z from 'zod'
import type { WebhookInput } from '#lib/connection/webhooks.ts'
import {
  changeWebhook,
  createWebhook,
  disableWebhook,
  enableWebhook,
  rollSecret,
  SECRET_OVERLAP_HOURS_MAX,
  SECRET_OVERLAP_HOURS_NORMAL,
  testWebhook,
} from '#lib/connection/webhooks.ts'
import { db } from '#lib/data/database.ts'
import { listEndpoints } from '#lib/data/webhook-endpoints.ts'
import type { Asked, OperatorCommand } from './command.ts'
import { CommandFailure, named, operator, optional, required, text, UsageFailure } from './command.ts'

const WHICH = 'the id of a webhook'

export const webhookCommands: Record<string, OperatorCommand> = {
  'webhook add': {
    usage: 'webhook add --url <address> [--name <name>] [--events <type,type>] [--profiles <key,key>]',
    does: 'has a system told of all events of all connections, unless you name some; its secret is shown this once',
    options: { url: text, name: text, events: text, profiles: text },
    run: async ({ values }) => {
      const made = await createWebhook(await operator(), {
        name: optional(values, 'name') ?? 'Integration',
        url: required(values, 'url'),
        eventTypes: eventsOf(values) ?? null,
        profiles: someOrAll(values, 'profiles') ?? null,
      })
      if (made.kind === 'too_many')
        throw new CommandFailure('TOO_MANY', 'delete webhooks that are not needed first', {})
      return { id: made.id, secret: made.secret.reveal() }
    },
  },
  'webhook change': {
    usage:
      'webhook change <id> [--url <address>] [--name <name>] [--events <type,type>|all] [--profiles <key,key>|all]',
    does: 'writes anew what you name of a webhook; its secret stays, and what waits goes to the new address',
    options: { url: text, name: text, events: text, profiles: text },
    run: async ({ values, rest }) => {
      const id = named(rest, WHICH)
      const given = {
        url: optional(values, 'url'),
        name: optional(values, 'name'),
        eventTypes: eventsOf(values),
        profiles: someOrAll(values, 'profiles'),
      }
      const change = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
      if (Object.keys(change).length === 0) throw new UsageFailure('name what is to change')
      if ((await changeWebhook(await operator(), { endpointId: id, ...change })) === 'unknown') throw unknown(id)
      return { id, ...change }
    },
  },
  'webhook list': {
    usage: 'webhook list',
    does: 'lists the webhooks of the team, whether each is on, and what waits for it',
    options: {},
    run: async () => ({ webhooks: await listEndpoints(db(), await operator()) }),
  },
  'webhook test': {
    usage: 'webhook test <id>',
    does: 'sends a message that says it is a test; its page shows how it was answered',
    options: {},
    run: async ({ rest }) => {
      const id = named(rest, WHICH)
      const sent = await testWebhook(await operator(), id)
      if (!sent) throw unknown(id)
      return { id, messageId: sent.messageId }
    },
  },
  'webhook roll': {
    usage: `webhook roll <id> [--overlap-hours <0-${SECRET_OVERLAP_HOURS_MAX}>]`,
    does: `makes a new secret; the one before signs too for ${SECRET_OVERLAP_HOURS_NORMAL} hours more, or as long as you say`,
    options: { 'overlap-hours': text },
    run: async ({ values, rest }) => {
      const id = named(rest, WHICH)
      const hours = z.coerce.number().int().min(0).max(SECRET_OVERLAP_HOURS_MAX).default(SECRET_OVERLAP_HOURS_NORMAL)
      const overlapHours = hours.parse(optional(values, 'overlap-hours'))
      const secret = await rollSecret(await operator(), { endpointId: id, overlapHours })
      if (!secret) throw unknown(id)
      return { id, secret: secret.reveal() }
    },
  },
  'webhook disable': {
    usage: 'webhook disable <id>',
    does: 'sends nothing until it is enabled; what happens meanwhile is kept for it',
    options: {},
    run: async ({ rest }) => {
      const id = named(rest, WHICH)
      if ((await disableWebhook(await operator(), id)) === 'unknown') throw unknown(id)
      return { id, on: false }
    },
  },
  'webhook enable': {
    usage: 'webhook enable <id>',
    does: 'sends again, beginning with what was kept',
    options: {},
    run: async ({ rest }) => {
      const id = named(rest, WHICH)
      if ((await enableWebhook(await operator(), id)) === 'unknown') throw unknown(id)
      return { id, on: true }
    },
  },
}

function eventsOf(values: Asked['values']): WebhookInput['eventTypes'] | undefined {
  // The schema of the domain checks the words.
  return someOrAll(values, 'events') as WebhookInput['eventTypes'] | undefined
}

/** `all` is null: also what is added later. */
function someOrAll(values: Asked['values'], name: string): string[] | null | undefined {
  const list = optional(values, name)
  return list === 'all' ? null : list?.split(/[\s,]+/).filter(Boolean)
}

function unknown(id: string): CommandFailure {
  return new CommandFailure('NOT_FOUND', `the team has no webhook ${id}`, {})
}
