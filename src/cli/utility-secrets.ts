import { readFileSync } from 'node:fs'

import { z } from 'zod'

/** What a registration is made of, before it is stored. undefined: not given. */
export type GivenRegistration = Partial<z.infer<typeof fileSchema>>

/** Options that `add`, `rotate` and `check` have in common. Secrets come from files, never as arguments. */
export type SecretOptions = {
  clientSecretFile?: string
  registrationTokenFile?: string
  certificateFile?: string
  keyFile?: string
  caFile?: string
  from?: string
}

const text = z.string().min(1)
const fileSchema = z
  .strictObject({
    utility: text,
    environment: text,
    company: text,
    clientId: text,
    bulkId: text,
    applicationId: text,
    addresses: z
      .strictObject({
        authorizationEndpoint: z.url(),
        tokenEndpoint: z.url(),
        resourceBase: z.url(),
        customerPortal: z.url().nullable(),
      })
      .partial(),
    clientSecret: text,
    registrationToken: text,
    certificate: text,
    key: text,
    ca: text,
  })
  .partial()

/** A file or variable that cannot be used; the message names it and never what it holds. */
export class BadInput extends Error {
  readonly code = 'bad_input'
}

/** Reads a file, `-` is standard input, once. */
export type ReadText = (name: string) => string

export const readText: ReadText = (name) => readFileSync(name === '-' ? 0 : name, 'utf8')

const VARIABLES = {
  clientSecret: 'GBP_CLIENT_SECRET',
  registrationToken: 'GBP_REGISTRATION_TOKEN',
  key: 'GBP_CLIENT_KEY',
} as const

/** Collects what was given: single files before environment variables before the JSON file of `--from`. */
export function readGiven(options: SecretOptions, env: NodeJS.ProcessEnv, read: ReadText): GivenRegistration {
  const whole = options.from === undefined ? {} : parseFile(options.from, read)
  const variables = Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([field, name]) => (env[name] ? [[field, env[name]]] : [])),
  )
  const files = {
    clientSecret: options.clientSecretFile,
    registrationToken: options.registrationTokenFile,
    certificate: options.certificateFile,
    key: options.keyFile,
    ca: options.caFile,
  }
  const named = Object.entries(files).filter(([, name]) => name !== undefined)
  if (named.filter(([, name]) => name === '-').length > 1)
    throw new BadInput('Only one file can be standard input (-).')
  const fromFiles = Object.fromEntries(named.map(([field, name = '']) => [field, contentOf(name, read)]))
  return { ...whole, ...variables, ...fromFiles }
}

function contentOf(name: string, read: ReadText): string {
  const content = reading(name, read).trim()
  if (content === '') throw new BadInput(`${nameOf(name)} is empty.`)
  return content
}

function reading(name: string, read: ReadText): string {
  try {
    return read(name)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new BadInput(`${nameOf(name)} cannot be read (${code}).`, { cause: error })
  }
}

function parseFile(name: string, read: ReadText): GivenRegistration {
  let json: unknown
  try {
    json = JSON.parse(reading(name, read))
  } catch (error) {
    if (error instanceof BadInput) throw error
    throw new BadInput(`${nameOf(name)} is no JSON.`) // the parser's own message quotes what it read
  }
  const result = fileSchema.safeParse(json)
  if (result.success) return result.data
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || '(the file)'}: ${issue.message}`)
  throw new BadInput(`${nameOf(name)} cannot be used:\n${lines.join('\n')}`)
}

const nameOf = (name: string): string => (name === '-' ? 'Standard input' : name)
