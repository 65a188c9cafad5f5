import { mkdirSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'

import { createTransport } from 'nodemailer'

import type { SendMail } from './authorization/send-mails.ts'
import type { Config } from './config.ts'

/** Mails go out by SMTP where MAIL_URL is set, else into files below the data directory. */
export function openMailer(config: Config): SendMail {
  const { mailUrl, mailFrom: from, dataDir } = config
  if (mailUrl !== null) {
    const transport = createTransport(mailUrl)
    return async ({ to, subject, text }) => void (await transport.sendMail({ from, to, subject, text }))
  }
  const folder = path.join(dataDir, 'mail')
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  return async ({ to, subject, text }) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { message, messageId } = await transport.sendMail({ from, to, subject, text })
    const name = `${new Date().toISOString().replaceAll(/[:.]/g, '-')}-${messageId.replaceAll(/[^\w-]/g, '').slice(0, 12)}.eml`
    await writeFile(path.join(folder, name), message, { mode: 0o600 })
  }
}
