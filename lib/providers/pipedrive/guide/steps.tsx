import type { ReactNode } from 'react'
import { Disclosure } from '../../guide-kit/disclosure.tsx'
import { Figure } from '../../guide-kit/figure.tsx'
import type { GuideStepProps } from '../../guide-kit/guide.ts'
import { Icon } from '../../guide-kit/icons.tsx'
import type { DrawingProps } from '../../guide-kit/parts.tsx'
import {
  AddressPicture,
  CompanyDomainPicture,
  PermissionPicture,
  ProfileMenuPicture,
  TabsPicture,
  TokenPicture,
} from './pictures.tsx'

/** The steps in the order a customer takes them. The address comes before the token: it proves the right company. */
export const guideSteps = ['right_user', 'company', 'api_page', 'copy_token', 'name_it', 'check'] as const

export function headingOf(step: string, { rotate }: { rotate: boolean }): string {
  return `steps.${step}.heading${rotate && step === 'copy_token' ? 'Rotate' : ''}`
}

/** What one step says and shows. */
export function GuideStepBody(props: GuideStepProps) {
  switch (props.step) {
    case 'right_user':
      return <RightUser {...props} />
    case 'company':
      return <Company {...props} />
    case 'api_page':
      return <ApiPage {...props} />
    case 'copy_token':
      return <CopyToken {...props} />
    case 'name_it':
      return (
        <p>{props.alone ? props.t('steps.name_it.textAlone') : props.t('steps.name_it.text', { team: props.team })}</p>
      )
    case 'check':
      return <Check {...props} />
    default:
      return null
  }
}

function Picture({
  id,
  words,
  t,
  drawing,
}: {
  id: string
  words: string
  t: GuideStepProps['t']
  drawing: (place: DrawingProps) => ReactNode
}) {
  return (
    <Figure
      id={id}
      caption={t('pictures.caption')}
      enlarge={t(`pictures.${words}`)}
      close={t('pictures.close')}
      drawing={drawing}
    />
  )
}

function RightUser({ t, needsAdmin, adminReason }: GuideStepProps) {
  return (
    <>
      <p>{t('steps.right_user.acts')}</p>
      <p>{t('steps.right_user.best')}</p>
      {needsAdmin && <p className="font-semibold">{t('adminNeeded', { reason: adminReason })}</p>}
    </>
  )
}

function Company({ t, alone }: GuideStepProps) {
  return (
    <>
      <p>{t(alone ? 'steps.company.textAlone' : 'steps.company.text')}</p>
      <Picture id="address" words="address" t={t} drawing={AddressPicture} />
      <p>{t('steps.company.several')}</p>
      <Disclosure title={t('steps.company.settingsTitle')}>
        <p>{t('steps.company.settings')}</p>
        <Picture id="company-domain" words="domain" t={t} drawing={CompanyDomainPicture} />
      </Disclosure>
    </>
  )
}

function ApiPage({ t, apiPageLink, copyForAdmin }: GuideStepProps) {
  return (
    <>
      <p>{t('steps.api_page.text')}</p>
      <p>{apiPageLink}</p>
      <p>{t('steps.api_page.byHand')}</p>
      <div className="picture-pair">
        <Picture id="profile-menu" words="menu" t={t} drawing={ProfileMenuPicture} />
        <Picture id="tabs" words="tabs" t={t} drawing={TabsPicture} />
      </div>
      <Disclosure title={t('steps.api_page.noTabTitle')}>
        <p>{t('steps.api_page.noTab')}</p>
        <Picture id="no-tab" words="noTab" t={t} drawing={(place) => <TabsPicture {...place} api={false} />} />
        <p>{t('steps.api_page.noTabAdmin')}</p>
        <Picture id="permission" words="permission" t={t} drawing={PermissionPicture} />
        {copyForAdmin}
      </Disclosure>
      <Disclosure title={t('steps.api_page.elsewhereTitle')}>
        <p>{t('steps.api_page.elsewhere')}</p>
      </Disclosure>
    </>
  )
}

function CopyToken({ t, alone, rotate }: GuideStepProps) {
  const kind = rotate ? 'Rotate' : ''
  return (
    <>
      <p>{t(alone ? 'steps.copy_token.textAlone' : `steps.copy_token.text${kind}`)}</p>
      <Picture id="token" words="token" t={t} drawing={TokenPicture} />
      <div className="danger">
        <Icon name="alert" className="danger-mark" />
        <div>
          <p className="font-semibold">{t(`steps.copy_token.dangerTitle${kind}`)}</p>
          <p>{t(`steps.copy_token.danger${kind}`)}</p>
        </div>
      </div>
      <Disclosure title={t('steps.copy_token.emptyTitle')}>
        <p>{t('steps.copy_token.empty')}</p>
      </Disclosure>
      <p>{t(alone ? 'steps.copy_token.neverAlone' : 'steps.copy_token.never')}</p>
    </>
  )
}

function Check({ t }: GuideStepProps) {
  return (
    <>
      <p>{t('steps.check.text')}</p>
      <p>{t('steps.check.marks')}</p>
      <Disclosure title={t('good.title')}>
        <ul className="list-disc space-y-1 ps-5">
          <li>{t('good.generate')}</li>
          <li>{t('good.user')}</li>
          <li>{t('good.rename')}</li>
          <li>{t('good.withdraw')}</li>
        </ul>
      </Disclosure>
    </>
  )
}
