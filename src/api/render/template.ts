import type { z } from 'zod'

import type { ListedTemplate } from '../../storage/list-template-page.ts'
import type { templateSettings } from '../answers/template.ts'
import { platformTime } from './times.ts'

/** Template, utilityapi.md 6.1. The logo is inside the address: nothing else of ours serves it without a form. */
export function renderTemplate(template: ListedTemplate, publicUrl: string): Record<string, unknown> {
  const { logo, logoType } = template
  return {
    uid: template.templateUid,
    created: platformTime(template.created),
    updated: platformTime(template.updated),
    user_email: template.userEmail,
    user_uid: template.memberUid,
    disabled: template.disabled,
    portal: template.alias,
    base_url: `${publicUrl}/authorize/${template.alias}`,
    redirect_uris: template.redirectUris,
    company_logo: logo === null || logoType === null ? '' : `data:${logoType};base64,${logo.toString('base64')}`,
    company_name: template.companyName,
    company_email: template.companyEmail,
  }
}

/** What v3 tells of a template beside that. */
export function renderTemplateSettings(t: ListedTemplate): {
  [Key in keyof typeof templateSettings]: z.output<(typeof templateSettings)[Key]>
} {
  return {
    purpose: t.purpose,
    data_classes: t.dataClasses,
    history_months: t.historyMonths,
    default_months: t.defaultMonths,
    max_months: t.maxMonths,
    auto_collect: t.autoCollect,
    monitoring: t.monitoring,
    terms_url: t.termsUrl,
    privacy_url: t.privacyUrl,
  }
}
