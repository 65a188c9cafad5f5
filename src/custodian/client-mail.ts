import type { Language } from '../authorization/customer-path.ts'
import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'

type Facts = { clientName: string; companyName: string; operatorName: string; operatorEmail: string; link: string }
type Kind = 'client_asks' | 'client_let_in'

const TEXTS: Record<Language, Record<Kind, (facts: Facts) => { subject: string; lines: string[] }>> = {
  en: {
    client_asks: (f) => ({
      subject: `${f.clientName} asks for your energy data`,
      lines: [
        `Somebody who entered this address says that ${f.clientName} may have the energy data that you share with ${f.companyName}.`,
        'If that was you, open this link in the same browser within an hour. You see everything before anything is passed on:',
        f.link,
        'If it was not you, do nothing: nothing is passed on.',
      ],
    }),
    client_let_in: (f) => ({
      subject: `You let ${f.clientName} have your energy data`,
      lines: [
        `You have allowed ${f.operatorName} to pass on to ${f.clientName} energy data that you share with ${f.companyName}.`,
        'With this private link you can see what is passed on, and stop it at once:',
        f.link,
        'Keep the link to yourself: whoever has it can do the same.',
      ],
    }),
  },
  es: {
    client_asks: (f) => ({
      subject: `${f.clientName} pide sus datos de energía`,
      lines: [
        `Alguien que escribió esta dirección dice que ${f.clientName} puede recibir los datos de energía que usted comparte con ${f.companyName}.`,
        'Si fue usted, abra este enlace en el mismo navegador antes de una hora. Lo ve todo antes de que se transmita nada:',
        f.link,
        'Si no fue usted, no haga nada: no se transmite nada.',
      ],
    }),
    client_let_in: (f) => ({
      subject: `Usted permite que ${f.clientName} reciba sus datos de energía`,
      lines: [
        `Ha permitido que ${f.operatorName} transmita a ${f.clientName} datos de energía que usted comparte con ${f.companyName}.`,
        'Con este enlace privado puede ver qué se transmite y detenerlo de inmediato:',
        f.link,
        'No comparta el enlace: quien lo tenga puede hacer lo mismo.',
      ],
    }),
  },
}

const CONTACT: Record<Language, (facts: Facts) => string> = {
  en: (f) => `Questions or complaints: ${f.operatorName}, ${f.operatorEmail}`,
  es: (f) => `Preguntas o quejas: ${f.operatorName}, ${f.operatorEmail}`,
}

/** Queues a mail to a customer in the transaction of its cause. Names come from people and become one line each. */
export async function queueClientMail(
  tx: Tx,
  mail: {
    kind: Kind
    once: string
    authorizationUid: Uid
    recipient: string
    language: Language
    facts: Facts
    now: Date
  },
): Promise<void> {
  const { kind, once, authorizationUid, recipient, language, now } = mail
  const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  const { clientName, companyName, operatorName } = mail.facts
  const facts = {
    ...mail.facts,
    clientName: oneLine(clientName),
    companyName: oneLine(companyName),
    operatorName: oneLine(operatorName),
  }
  const { subject, lines } = TEXTS[language][kind](facts)
  const body = `${[...lines, CONTACT[language](facts)].join('\n\n')}\n`
  await queueMail(tx, { kind, authorizationUid, recipient, subject, body, once, now })
}
