import { createHash } from 'node:crypto'

import { isAddress } from './keys.ts'
import { bodyFaults } from './rules.ts'
import { isRecord, recordOf, recordsOf } from './walk.ts'

/** What a receiver of webhooks got: the bytes, and headers by small names. */
export type Delivery = { headers: Record<string, string>; body: string }

/** JSON as Jackson prints it with four blanks: a blank on both sides of a colon, and one within what is empty. */
function printJackson(value: unknown, indent = ''): string {
  const deeper = `${indent}    `
  const lines = (items: readonly string[], [open, close]: readonly [string, string]): string =>
    items.length === 0
      ? `${open} ${close}`
      : `${open}\n${items.map((item) => deeper + item).join(',\n')}\n${indent}${close}`
  if (Array.isArray(value))
    return lines(
      value.map((item) => printJackson(item, deeper)),
      ['[', ']'],
    )
  if (!isRecord(value)) return JSON.stringify(value)
  const pairs = Object.entries(value).map(([key, held]) => `${JSON.stringify(key)} : ${printJackson(held, deeper)}`)
  return lines(pairs, ['{', '}'])
}

/** The text that a Java receiver hashes: the parsed body printed anew, with every blank before a colon taken out. */
export function printedAnew(body: string): string {
  return printJackson(JSON.parse(body)).replaceAll(' :', ':')
}

/** What is wrong with how a delivery is signed, for receivers that hash the bytes and for those that print the body anew. */
export function signatureFaults({ headers, body }: Delivery, secret: string): string[] {
  const salt = headers['x-utilityapi-webhook-salt'] ?? ''
  const signed = headers['x-utilityapi-webhook-signature'] ?? ''
  const hash = (text: string): string => createHash('sha256').update(`${secret}.${salt}.${text}`).digest('hex')
  return [
    ...(salt === '' ? ['no salt'] : []),
    ...(signed === hash(body) ? [] : ['the signature is not of the bytes that came']),
    ...(signed === hash(printedAnew(body)) ? [] : ['the signature is not of the body printed anew']),
  ]
}

/** What is wrong with one delivery for receivers in the field; `secret` is the endpoint's. */
export function webhookFaults(delivery: Delivery, secret: string): string[] {
  const parsed: unknown = JSON.parse(delivery.body)
  const events = recordsOf(recordOf(parsed)['events'])
  return [
    ...(/^application\/json\b/.test(delivery.headers['content-type'] ?? '') ? [] : ['a receiver takes JSON only']),
    ...signatureFaults(delivery, secret),
    ...(events.every(({ delivery_target: target }) => isAddress(target))
      ? []
      : ['a delivery_target that is no address']),
    ...(events.length === 0 ? ['no event'] : []),
    ...bodyFaults('http://receiver/api/v2/events', parsed),
  ]
}
