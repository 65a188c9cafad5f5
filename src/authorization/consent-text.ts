import { createHash } from 'node:crypto'

import type { DataClass } from '../model/authorization-states.ts'
import type { FormView, GrantView, Language } from './customer-path.ts'
import { onePeriod } from './one-period.ts'

/** Grows with every change of the words below; an old consent keeps the version that it was shown. */
export const CONSENT_TEXT_VERSION = '2026-11.2'

/** What the text speaks of. `ends` null: on the form, where the customer still chooses the end. */
export type ConsentFacts = {
  companyName: string
  companyEmail: string
  operatorName: string
  operatorEmail: string
  /** null while the customer chooses the utility. */
  utilityName: string | null
  purpose: string
  dataClasses: readonly DataClass[]
  historyMonths: number
  historyStart: string | null
  ends: string | null
  customerName: string | null
  renews: boolean
}

export type ConsentText = { text: string; version: string; hash: string }

/** The text of the form, step 1: everything but what the customer types. */
export function formConsentText(view: Omit<FormView, 'consentVersion'>, language: Language): ConsentText {
  return consentText(
    {
      ...view,
      utilityName: view.utility?.name ?? null,
      historyStart: null,
      ends: null,
      customerName: null,
    },
    language,
  )
}

/** The text of the final step: what the customer agrees to, word by word; stored, and repeated by the receipt. */
export function finalConsentText(view: Omit<GrantView, 'consentText'>, language: Language): ConsentText {
  return consentText(
    {
      ...view.form,
      utilityName: view.utilityName,
      dataClasses: view.dataClasses,
      historyStart: view.historyStart,
      ends: view.utilityEnds !== null && view.utilityEnds < view.ends ? view.utilityEnds : view.ends,
      customerName: view.customerName,
    },
    language,
  )
}

/** What a form posts back: version and hash, so that nobody agrees to another text than was shown. */
export function consentVersionOf({ version, hash }: ConsentText): string {
  return `${version}.${hash.slice(0, 16)}`
}

function consentText(facts: ConsentFacts, language: Language): ConsentText {
  const text = onePeriod(TEXTS[language](facts).join('\n'), facts)
  return { text, version: CONSENT_TEXT_VERSION, hash: createHash('sha256').update(text).digest('hex') }
}

const CLASSES: Record<Language, Record<DataClass, string>> = {
  en: {
    intervals: 'energy use over time (hourly or quarter-hourly, daily for gas)',
    bills: 'bills as figures (periods, amounts and charges)',
    meters: 'meters and service (service address, meter numbers, rate plan, supplier)',
    accounting: 'billing account (account number, name and address, charges, balance and payments where given)',
  },
  es: {
    intervals: 'consumo de energía a lo largo del tiempo (por hora o cuarto de hora; por día para el gas)',
    bills: 'facturas en cifras (períodos, importes y cargos)',
    meters: 'medidores y servicio (dirección del servicio, números de medidor, tarifa, proveedor)',
    accounting:
      'cuenta de facturación (número de cuenta, nombre y dirección, cargos, saldo y pagos cuando la compañía los da)',
  },
}

const TEXTS: Record<Language, (facts: ConsentFacts) => string[]> = {
  en: (f) => [
    `${f.customerName ?? 'The customer'} allows ${f.operatorName} to ask ${f.utilityName ?? 'the utility chosen'} for the data below and to pass it on to ${f.companyName}.`,
    `What: ${f.dataClasses.map((name) => CLASSES.en[name]).join('; ')}.`,
    `What for: ${f.purpose}`,
    f.historyStart === null ? `How far back: up to ${f.historyMonths} months.` : `How far back: to ${f.historyStart}.`,
    f.ends === null ? 'Until: the day chosen by the customer.' : `Until: the end of ${f.ends}.`,
    'How often: about once a day, until sharing ends.',
    `Who receives it: ${f.companyName}. ${f.operatorName} stores it for them. Nobody else.`,
    `How to stop: at any time, at no cost and without a reason, with the private link in the receipt or at ${f.utilityName ?? 'the utility'}.`,
    `When sharing ends: no more data is fetched; after a stop, what ${f.operatorName} holds is deleted. Copies that ${f.companyName} has taken are theirs to delete.`,
    ...(f.renews
      ? [
          'This replaces the agreement in force for the same account. What was collected under that one stays; but kinds of data that this agreement leaves out are deleted. A service agreement that it leaves out is not asked for any more; what was collected of it stays.',
        ]
      : []),
    `Questions and complaints: ${f.companyName}, ${f.companyEmail}; ${f.operatorName}, ${f.operatorEmail}.`,
  ],
  es: (f) => [
    `${f.customerName ?? 'El cliente'} permite que ${f.operatorName} pida a ${f.utilityName ?? 'la compañía de servicios elegida'} los datos siguientes y los entregue a ${f.companyName}.`,
    `Qué: ${f.dataClasses.map((name) => CLASSES.es[name]).join('; ')}.`,
    `Para qué: ${f.purpose}`,
    f.historyStart === null
      ? `Desde cuándo: hasta ${f.historyMonths} meses atrás.`
      : `Desde cuándo: desde el ${f.historyStart}.`,
    f.ends === null ? 'Hasta cuándo: el día que elija el cliente.' : `Hasta cuándo: el final del ${f.ends}.`,
    'Con qué frecuencia: alrededor de una vez al día, hasta que termine.',
    `Quién los recibe: ${f.companyName}. ${f.operatorName} los guarda para ellos. Nadie más.`,
    `Cómo detenerlo: en cualquier momento, sin costo y sin dar motivos, con el enlace privado del comprobante o en ${f.utilityName ?? 'la compañía de servicios'}.`,
    `Cuando termine: no se piden más datos; si usted lo detiene, se borra lo que ${f.operatorName} guarda. Las copias que ${f.companyName} ya tenga debe borrarlas esa empresa.`,
    ...(f.renews
      ? [
          'Esto sustituye al acuerdo vigente para la misma cuenta. Lo que se obtuvo con aquel se conserva; pero los tipos de datos que este acuerdo deja fuera se borran. Un contrato de servicio que deje fuera ya no se consulta; lo que se obtuvo de él se conserva.',
        ]
      : []),
    `Preguntas y quejas: ${f.companyName}, ${f.companyEmail}; ${f.operatorName}, ${f.operatorEmail}.`,
  ],
}
