import { expect, it } from 'vitest'

import { ConfigError, readConfig } from './config.ts'

it('an empty environment gives a laptop set-up', () => {
  const config = readConfig({})
  expect(config).toMatchObject({ port: 8400, publicUrl: 'http://127.0.0.1:8400', databaseUrl: null, production: false })
})

it('an empty variable counts as absent', () => {
  expect(readConfig({ DATABASE_URL: '', PORT: '' }).port).toBe(8400)
})

it.each([
  ['PORT', 'eighty', /PORT: .*port number/],
  ['PORT', '70000', /PORT/],
  ['PUBLIC_URL', 'proxy.example', /PUBLIC_URL: .*https/],
  ['DATABASE_URL', 'mysql://x', /DATABASE_URL: .*postgres:/],
  ['ENCRYPTION_KEY', 'short', /ENCRYPTION_KEY: .*32 random bytes/],
  ['MAIL_URL', 'http://x', /MAIL_URL: .*smtp/],
  ['OPERATOR_EMAIL', 'nobody', /OPERATOR_EMAIL: .*e-mail/],
  ['LOG_LEVEL', 'loud', /LOG_LEVEL/],
])('%s=%s is refused with a message that names it', (name, value, message) => {
  expect(() => readConfig({ [name]: value })).toThrow(ConfigError)
  expect(() => readConfig({ [name]: value })).toThrow(message)
})

it('all wrong variables are named at once', () => {
  expect(() => readConfig({ PORT: 'x', MAIL_URL: 'y' })).toThrow(/PORT[\s\S]*MAIL_URL/)
})

it('production refuses to start without key, https and mail', () => {
  expect(() => readConfig({ NODE_ENV: 'production' })).toThrow(/ENCRYPTION_KEY[\s\S]*PUBLIC_URL[\s\S]*MAIL_URL/)
})

it('a slash at the end of PUBLIC_URL is dropped', () => {
  expect(readConfig({ PUBLIC_URL: 'https://proxy.example/' }).publicUrl).toBe('https://proxy.example')
})
