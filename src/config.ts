import path from 'node:path'

import { z } from 'zod'

import { type AllowedNetworks, areNetworks, readNetworks } from './webhooks/address-guard.ts'

/** Everything the environment decides, read once at start. */
export type Config = {
  host: string
  port: number
  /** Address under which customers and programs reach us, without a slash at the end. */
  publicUrl: string
  /** null: the embedded PostgreSQL below dataDir. */
  databaseUrl: string | null
  dataDir: string
  /** 32 bytes in base64 or hex; null: a key file below dataDir, with a warning. */
  encryptionKey: string | null
  /** Keys of before, which still open what was sealed with them: until `gbp rotate-keys` is through. */
  retiredKeys: string[]
  /** smtp:// or smtps://; null: mails are written as files below dataDir. */
  mailUrl: string | null
  mailFrom: string
  operatorName: string
  operatorEmail: string
  production: boolean
  /** Networks beside the public internet that webhooks may lead to. */
  webhookNetworks: AllowedNetworks
  /** Of one company, at /api/v3, in one process. */
  apiRequestsPerMinute: number
  /** How long raw feeds are kept for replay. */
  rawFeedDays: number
  /** A file of the shares that ended, kept apart from backups: a restore ends them again. */
  endsFile: string
  logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'silent'
}

/** An environment variable holds something we cannot use. The message names each one and what it should be. */
export class ConfigError extends Error {
  readonly code = 'bad_environment'
}

const port = z.coerce.number('a port number, 0 to 65535').int().min(0).max(65_535)
const webAddress = z
  .url({ protocol: /^https?$/, error: 'an http:// or https:// address such as https://proxy.example' })
  .transform((text) => text.replace(/\/+$/, ''))

const environment = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(8400),
  PUBLIC_URL: webAddress.optional(),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'a postgres:// address such as postgres://gbp:secret@db.example/gbp' })
    .optional(),
  DATA_DIR: z.string().default('data'),
  ENCRYPTION_KEY: z
    .string()
    .regex(
      /^(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/,
      '32 random bytes in hex or base64, for example from: openssl rand -base64 32',
    )
    .optional(),
  ENCRYPTION_KEYS_RETIRED: z
    .string()
    .regex(
      /^(?:(?:[0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)(?:,|$))*$/,
      'the keys that ENCRYPTION_KEY was before, in hex or base64, separated by commas',
    )
    .default(''),
  MAIL_URL: z.url({ protocol: /^smtps?$/, error: 'an smtp:// or smtps:// address' }).optional(),
  MAIL_FROM: z.string().default('Green Button Proxy <no-reply@localhost>'),
  OPERATOR_NAME: z.string().min(1).max(120).default('Green Button Proxy (demo operator)'),
  OPERATOR_EMAIL: z.email('an e-mail address').default('operator@green-button-proxy.example'),
  WEBHOOK_NETWORKS: z.string().refine(areNetworks, 'networks such as 10.20.0.0/16, separated by commas').default(''),
  API_REQUESTS_PER_MINUTE: z.coerce.number('a whole number from 1 on').int().min(1).default(3000),
  RAW_FEED_DAYS: z.coerce.number('a whole number of days from 1 on').int().min(1).default(30),
  ENDS_FILE: z.string().optional(),
  NODE_ENV: z.string().default('development'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('warn'),
})

/** Reads the environment. An empty variable counts as absent. Throws ConfigError that names every wrong variable. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const result = environment.safeParse(given)
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join('.')}: expected ${issue.message}`)
    throw new ConfigError(`These environment variables cannot be used:\n${lines.join('\n')}`)
  }
  const value = result.data
  const production = value.NODE_ENV === 'production'
  const config: Config = {
    host: value.HOST,
    port: value.PORT,
    publicUrl: value.PUBLIC_URL ?? `http://${value.HOST.includes(':') ? `[${value.HOST}]` : value.HOST}:${value.PORT}`,
    databaseUrl: value.DATABASE_URL ?? null,
    dataDir: path.resolve(value.DATA_DIR),
    encryptionKey: value.ENCRYPTION_KEY ?? null,
    retiredKeys: value.ENCRYPTION_KEYS_RETIRED.split(',').filter((key) => key !== ''),
    mailUrl: value.MAIL_URL ?? null,
    mailFrom: value.MAIL_FROM,
    operatorName: value.OPERATOR_NAME,
    operatorEmail: value.OPERATOR_EMAIL,
    production,
    webhookNetworks: readNetworks(value.WEBHOOK_NETWORKS),
    apiRequestsPerMinute: value.API_REQUESTS_PER_MINUTE,
    rawFeedDays: value.RAW_FEED_DAYS,
    endsFile: path.resolve(value.ENDS_FILE ?? path.join(value.DATA_DIR, 'ends.jsonl')),
    logLevel: value.LOG_LEVEL,
  }
  if (production) refuseUnsafe(config)
  return config
}

function refuseUnsafe(config: Config): void {
  const missing = [
    config.encryptionKey === null &&
      '  ENCRYPTION_KEY: required in production; without it the tokens of customers cannot be protected',
    !config.publicUrl.startsWith('https://') && '  PUBLIC_URL: required in production, and https://',
    config.mailUrl === null && '  MAIL_URL: required in production; customers get their receipts by mail',
  ].filter((line) => line !== false)
  if (missing.length > 0) throw new ConfigError(`Not started in production:\n${missing.join('\n')}`)
}
