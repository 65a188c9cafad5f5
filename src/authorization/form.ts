import type { CustomerPath, FormAddress, FormView } from './customer-path.ts'
import { consentVersionOf, formConsentText } from './consent-text.ts'
import { isPast, loadForm, type LoadedForm } from './load-form.ts'
import { localDate, midnightOf } from '../units/local-days.ts'
import { readScopeEnds } from './form-scope.ts'
import { addMonths, dateIn } from './local-dates.ts'
import type { PathConfig, PathDeps } from './path-deps.ts'

/** Step 1: what the form shows. Reads only; nothing is stored and no link is used up. */
export function formStep({ db, now, config }: PathDeps): CustomerPath['form'] {
  return async (address) =>
    await db.operator(async (tx) => {
      const loaded = await loadForm(tx, address)
      if ('end' in loaded) return loaded
      if (isPast(loaded.form, now())) return { end: 'form_expired' }
      return viewOf(loaded, address, { now: now(), config })
    })
}

/** The view of a loaded form; a function of its rows, the day and the language. */
export function viewOf(
  loaded: LoadedForm,
  address: FormAddress,
  { now, config }: { now: Date; config: PathConfig },
): FormView {
  const { template, member, form, renewed, utility, offers } = loaded
  const zone = zoneOf(loaded)
  const today = dateIn(zone, now)
  const { defaultEnd, maxEnd } = endsOf(loaded, { today, zone })
  const view = {
    companyName: legalNameOf(loaded),
    companyEmail: template.companyEmail,
    userEmail: member.email,
    logo: template.logo && template.logoType ? { type: template.logoType, bytes: template.logo } : null,
    purpose: template.purpose[address.language] ?? template.purpose['en'] ?? '',
    dataClasses: template.dataClasses,
    historyMonths: template.historyMonths,
    historyStart: addMonths(today, -template.historyMonths),
    defaultEnd,
    maxEnd,
    termsUrl: template.termsUrl,
    privacyUrl: template.privacyUrl,
    prefill: {
      name: renewed?.customerName ?? '',
      email: renewed?.customerEmail ?? (form?.customerEmail || address.email) ?? '',
    },
    utility: utility && { id: utility.id, slug: utility.slug, name: utility.name },
    utilities: offers.map(({ utility: { id, slug, name } }) => ({ id, slug, name })),
    renews: renewed !== null,
    operatorName: config.operatorName,
    operatorEmail: config.operatorEmail,
  }
  return { ...view, consentVersion: consentVersionOf(formConsentText(view, address.language)) }
}

/** The zone in which the form's days are counted. */
export function zoneOf({ utility, offers }: Pick<LoadedForm, 'utility' | 'offers'>): string {
  return (utility ?? offers[0]?.utility)?.timezone ?? 'UTC'
}

/** The end that the form suggests and the latest one it takes; never before tomorrow, or nothing could be chosen. */
function endsOf(
  { template, form }: LoadedForm,
  { today, zone }: { today: string; zone: string },
): { defaultEnd: string; maxEnd: string } {
  const tomorrow = localDate(midnightOf(today, 'UTC') + 86_400, 'UTC')
  const scope = readScopeEnds(form?.scope ?? {}, { today, zone })
  const earliest = (...days: (string | null)[]): string => days.filter((day) => day !== null).sort()[0] ?? tomorrow
  const latest = earliest(addMonths(today, template.maxMonths), scope.latest)
  const maxEnd = latest < tomorrow ? tomorrow : latest
  const suggested = scope.suggested ?? addMonths(today, template.defaultMonths)
  return { defaultEnd: earliest(suggested < tomorrow ? tomorrow : suggested, maxEnd), maxEnd }
}

/** A brand never hides who it is: the legal name stands beside it where it differs. */
function legalNameOf({ template, company }: LoadedForm): string {
  const { companyName } = template
  return companyName === company.legalName ? companyName : `${companyName} (${company.legalName})`
}
