import { FieldsForm } from '#components/ui/fields-form.tsx'
import type { TeamSettings } from '#lib/data/teams.ts'
import { env } from '#lib/env.ts'
import { pageWords } from '../../page-words.ts'
import { changeLogoAction, changeLookAction, removeLogoAction } from './look-actions.ts'

const good = ['logo_saved', 'logo_removed'] as const
const bad = ['no_logo', 'too_large', 'too_high', 'not_png', 'not_svg', 'unknown_type'] as const

/** How customers see the team: name, logo, colour, and where they get help. */
export async function LookSection({ team, said }: { team: TeamSettings; said: string | undefined }) {
  const t = await pageWords()
  const told = [...good, ...bad].find((known) => known === said)
  const isGood = good.some((known) => known === told)
  return (
    <section aria-labelledby="look" className="mt-10 space-y-4">
      <div>
        <h2 id="look" className="font-semibold text-lg">
          {t('look.brand.title')}
        </h2>
        <p className="max-w-prose text-muted">{t('look.brand.lead', { host: new URL(env().portalOrigin).host })}</p>
      </div>
      {told && (
        <p role={isGood ? 'status' : 'alert'} className={`notice ${isGood ? 'notice-ok' : 'notice-error'}`}>
          <span>{t(`look.said.${told}`)}</span>
        </p>
      )}
      <div className="grid items-start gap-8 lg:grid-cols-2">
        <FieldsForm
          action={changeLookAction}
          problem={t('contact.form.problem')}
          submit={t('look.brand.save')}
          typed={{
            teamName: team.name,
            accent: team.accent ?? '',
            supportEmail: team.supportEmail ?? '',
            supportPhone: team.supportPhone ?? '',
          }}
          fields={[
            { name: 'teamName', label: t('look.brand.name'), maxLength: 80 },
            {
              name: 'accent',
              label: t('look.brand.accent'),
              hint: t('look.brand.accentHint'),
              optional: true,
              maxLength: 7,
            },
            {
              name: 'supportEmail',
              label: t('look.brand.supportEmail'),
              hint: t('look.brand.supportHint'),
              kind: 'email',
              optional: true,
              maxLength: 254,
            },
            { name: 'supportPhone', label: t('look.brand.supportPhone'), kind: 'tel', optional: true, maxLength: 40 },
          ]}
        />
        <div className="card space-y-4">
          <h3 className="font-semibold">{t('look.brand.logo')}</h3>
          <form action={changeLogoAction} className="space-y-3">
            <label htmlFor="field-logo" className="field-label block">
              {t('look.brand.logoFile')}
            </label>
            <p id="logo-hint" className="field-hint">
              {t('look.brand.logoHint')}
            </p>
            <input
              id="field-logo"
              name="logo"
              type="file"
              accept="image/png,image/svg+xml"
              required
              aria-describedby="logo-hint"
              className="block w-full text-sm file:me-3 file:min-h-11 file:rounded-lg file:border file:border-edge file:bg-bg file:px-4 file:font-semibold"
            />
            <button type="submit" className="button-secondary">
              {t('look.brand.logoSave')}
            </button>
          </form>
          {team.logo && (
            <form action={removeLogoAction} className="flex flex-wrap items-center gap-4">
              <img className="team-logo" src={`/brand/${team.logo.digest}`} alt={t('look.brand.logoNow')} />
              <button type="submit" className="button-secondary button-danger">
                {t('look.brand.logoRemove')}
              </button>
            </form>
          )}
        </div>
      </div>
    </section>
  )
}
