import type { Uid } from '../model/uid.ts'
import type { Tx } from '../storage/db.ts'
import { queueMail } from '../storage/mails.ts'
import type { Language } from './customer-path.ts'
import { onePeriod } from './one-period.ts'

/** Facts that mails speak of. Names and addresses come from people: they are plain text and stay so. */
export type MailFacts = {
  companyName: string
  utilityName: string
  operatorName: string
  operatorEmail: string
  customerName: string
  /** The private link, where the mail has one. */
  link: string | null
  ends: string
}

export type MailKind = 'receipt' | 'confirm_reminder' | 'expiring' | 'revoked' | 'expired' | 'taken_over'

type Text = (facts: MailFacts) => { subject: string; lines: string[] }

const TEXTS: Record<Language, Record<MailKind, Text>> = {
  en: {
    receipt: (f) => ({
      subject: `Your receipt: you share energy data with ${f.companyName}`,
      lines: [
        `Hello ${f.customerName},`,
        `You have allowed ${f.operatorName} to pass your ${f.utilityName} energy data on to ${f.companyName} until ${f.ends}.`,
        'With this private link you can see what is shared, end it sooner, or stop it at once:',
        f.link ?? '',
        'Keep the link to yourself: whoever has it can do the same.',
      ],
    }),
    confirm_reminder: (f) => ({
      subject: `One step is missing: your energy data and ${f.companyName}`,
      lines: [
        `Hello ${f.customerName},`,
        `${f.utilityName} has agreed to share your data, but you have not taken the final step yet, so ${f.companyName} has received nothing.`,
        'To finish, or to decline, open this link:',
        f.link ?? '',
        'If you do nothing, we tell your utility within a few hours that we will not use this permission.',
      ],
    }),
    expiring: (f) => ({
      subject: `Ends soon: you share energy data with ${f.companyName} until ${f.ends}`,
      lines: [
        `Hello ${f.customerName},`,
        `You share your ${f.utilityName} energy data with ${f.companyName} until ${f.ends}. Then it ends by itself, and you need do nothing.`,
        `If you want it to go on, ask ${f.companyName} for a new link. To end it sooner, use the private link in your receipt.`,
      ],
    }),
    revoked: (f) => ({
      subject: `Stopped: you no longer share energy data with ${f.companyName}`,
      lines: [
        `Hello ${f.customerName},`,
        `${f.companyName} receives no more of your ${f.utilityName} energy data, and what ${f.operatorName} held of it is deleted.`,
        `Copies that ${f.companyName} had taken before are theirs to delete: ask them.`,
      ],
    }),
    taken_over: (f) => ({
      subject: `Shared anew under another name: your ${f.utilityName} energy data and ${f.companyName}`,
      lines: [
        `Hello ${f.customerName},`,
        `Somebody has signed in at ${f.utilityName} with the account whose data you share with ${f.companyName}, and has shared it again with another email address. That agreement takes the place of yours, and your private link no longer works.`,
        `If nobody of your household did that, change your password at ${f.utilityName}, end the share there, and write to us.`,
      ],
    }),
    expired: (f) => ({
      subject: `Ended: you no longer share energy data with ${f.companyName}`,
      lines: [
        `Hello ${f.customerName},`,
        `The time for which you shared your ${f.utilityName} energy data with ${f.companyName} is over. No more data is fetched.`,
      ],
    }),
  },
  es: {
    receipt: (f) => ({
      subject: `Su comprobante: comparte datos de energía con ${f.companyName}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `Ha permitido que ${f.operatorName} entregue a ${f.companyName} sus datos de energía de ${f.utilityName} hasta el ${f.ends}.`,
        'Con este enlace privado puede ver qué se comparte, terminarlo antes o detenerlo de inmediato:',
        f.link ?? '',
        'No comparta el enlace: quien lo tenga puede hacer lo mismo.',
      ],
    }),
    confirm_reminder: (f) => ({
      subject: `Falta un paso: sus datos de energía y ${f.companyName}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `${f.utilityName} aceptó compartir sus datos, pero usted aún no ha dado el paso final, así que ${f.companyName} no ha recibido nada.`,
        'Para terminar, o para rechazarlo, abra este enlace:',
        f.link ?? '',
        'Si no hace nada, en unas horas avisaremos a su compañía de servicios de que no usaremos este permiso.',
      ],
    }),
    expiring: (f) => ({
      subject: `Termina pronto: comparte datos de energía con ${f.companyName} hasta el ${f.ends}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `Comparte sus datos de energía de ${f.utilityName} con ${f.companyName} hasta el ${f.ends}. Después termina por sí solo y usted no tiene que hacer nada.`,
        `Si quiere que continúe, pida a ${f.companyName} un enlace nuevo. Para terminarlo antes, use el enlace privado de su comprobante.`,
      ],
    }),
    revoked: (f) => ({
      subject: `Detenido: ya no comparte datos de energía con ${f.companyName}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `${f.companyName} ya no recibe sus datos de energía de ${f.utilityName}, y lo que ${f.operatorName} guardaba se ha borrado.`,
        `Las copias que ${f.companyName} ya tuviera debe borrarlas esa empresa: pídaselo.`,
      ],
    }),
    taken_over: (f) => ({
      subject: `Compartidos de nuevo con otro nombre: sus datos de energía de ${f.utilityName} y ${f.companyName}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `Alguien ha iniciado sesión en ${f.utilityName} con la cuenta cuyos datos usted comparte con ${f.companyName} y los ha compartido de nuevo con otra dirección de correo. Ese acuerdo sustituye al suyo, y su enlace privado ya no funciona.`,
        `Si no fue nadie de su hogar, cambie su contraseña en ${f.utilityName}, termine allí el permiso y escríbanos.`,
      ],
    }),
    expired: (f) => ({
      subject: `Terminado: ya no comparte datos de energía con ${f.companyName}`,
      lines: [
        `Hola, ${f.customerName}:`,
        `Ha pasado el tiempo durante el que compartía sus datos de energía de ${f.utilityName} con ${f.companyName}. No se piden más datos.`,
      ],
    }),
  },
}

const CONTACT: Record<Language, (facts: MailFacts) => string> = {
  en: (f) => `Questions or complaints: ${f.operatorName}, ${f.operatorEmail}`,
  es: (f) => `Preguntas o quejas: ${f.operatorName}, ${f.operatorEmail}`,
}

/** Queues a mail in the transaction of its cause. `once` names the effect; false when it was queued before. */
export async function queueCustomerMail(
  tx: Tx,
  mail: {
    kind: MailKind
    once: string
    authorizationUid: Uid
    recipient: string
    language: string
    facts: MailFacts
    now: Date
  },
): Promise<boolean> {
  if (mail.recipient === '') return false
  const language: Language = mail.language === 'es' ? 'es' : 'en'
  const facts = plain(mail.facts)
  const { subject, lines } = TEXTS[language][mail.kind](facts)
  return await queueMail(tx, {
    kind: mail.kind,
    authorizationUid: mail.authorizationUid,
    recipient: mail.recipient,
    subject,
    body: `${onePeriod([...lines, CONTACT[language](facts)].join('\n\n'), facts)}\n`,
    once: mail.once,
    now: mail.now,
  })
}

/** No line breaks or control characters from outside: nothing can become a header or a line of its own. */
function plain(facts: MailFacts): MailFacts {
  const clean = (text: string): string => text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()
  return {
    ...facts,
    companyName: clean(facts.companyName),
    customerName: clean(facts.customerName),
    operatorName: clean(facts.operatorName),
  }
}
