import { createHash } from 'node:crypto'

import type { Language } from '../authorization/customer-path.ts'
import { dateIn, lastDateBefore } from '../authorization/local-dates.ts'
import type { DataClass } from '../model/authorization-states.ts'
import { messages } from '../pages/messages.ts'

/** Grows with every change of the words below; an old consent keeps what was shown. */
export const CLIENT_CONSENT_VERSION = '2026-11.2'

/** What a customer lets a client have of one share. */
export type Terms = { dataClasses: DataClass[]; historyStart: Date; ends: Date; utilityName: string; zone: string }

type Parties = { clientName: string; companyName: string; operatorName: string; operatorEmail: string }

/** The local days that a page shows. */
export function daysOf({ historyStart, ends, zone }: Terms): { from: string; until: string } {
  return { from: dateIn(zone, historyStart), until: lastDateBefore(ends, zone) }
}

/** What the customer agrees to, word by word; stored, and shown again where it is stopped. */
export function consentWords(parties: Parties, terms: Terms, language: Language): { text: string; hash: string } {
  const classes = terms.dataClasses.map((name) => messages[language].dataClasses[name].name).join('; ')
  const text = TEXTS[language]({ ...parties, ...daysOf(terms), utilityName: terms.utilityName, classes }).join('\n')
  return { text, hash: createHash('sha256').update(text).digest('hex') }
}

type Facts = Parties & { from: string; until: string; utilityName: string; classes: string }

const TEXTS: Record<Language, (facts: Facts) => string[]> = {
  en: (f) => [
    `The customer allows ${f.operatorName} to pass the data below, which ${f.operatorName} holds from ${f.utilityName} for ${f.companyName}, on to ${f.clientName}.`,
    `What: ${f.classes}.`,
    `How far back: to ${f.from}. Until: the end of ${f.until}, or until the sharing with ${f.companyName} ends.`,
    `How often: whenever ${f.clientName} asks, also when the customer is not there.`,
    'How to stop: at any time, at no cost and without a reason, with the private link in the mail about this, on the receipt of what is shared ' +
      `with ${f.companyName}, or by stopping to share with them.`,
    `When it ends: ${f.clientName} can read nothing more. What it has read is its own to delete.`,
    `Questions and complaints: ${f.operatorName}, ${f.operatorEmail}.`,
  ],
  es: (f) => [
    `El cliente permite que ${f.operatorName} transmita a ${f.clientName} los datos siguientes, que ${f.operatorName} guarda de ${f.utilityName} para ${f.companyName}.`,
    `Qué: ${f.classes}.`,
    `Desde cuándo: desde el ${f.from}. Hasta cuándo: el final del ${f.until}, o hasta que deje de compartir con ${f.companyName}.`,
    `Con qué frecuencia: cada vez que ${f.clientName} los pida, también cuando el cliente no esté presente.`,
    'Cómo detenerlo: en cualquier momento, sin costo y sin dar motivos, con el enlace privado del mensaje sobre esto, en el comprobante de lo ' +
      `que comparte con ${f.companyName}, o dejando de compartir con esa empresa.`,
    `Cuando termine: ${f.clientName} no puede leer nada más. Lo que haya leído debe borrarlo por su cuenta.`,
    `Preguntas y quejas: ${f.operatorName}, ${f.operatorEmail}.`,
  ],
}
