import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')

/** Lowest first. A folder imports only from groups before its own, never from a neighbor in its own group. */
const LAYERS = [
  ['units'],
  ['espi', 'model'],
  ['normalize', 'storage'],
  ['utilities', 'jobs'],
  ['accounts', 'authorization'],
  ['collection', 'webhooks'],
  ['api', 'pages'],
  ['custodian'],
  ['config.ts'],
  ['open-store.ts', 'open-mailer.ts'],
  ['app.ts'],
  ['cli'],
]

/** One door per dependency: the folders of src/ that may import a package. */
const DOORS: Record<string, string[]> = {
  fastify: ['api', 'pages', 'custodian', 'app.ts'],
  '@fastify/cookie': ['pages', 'custodian'],
  '@fastify/formbody': ['pages', 'custodian'],
  ghtml: ['pages', 'api'],
  pg: ['storage'],
  kysely: ['storage'],
  'pg-copy-streams': ['storage'],
  'pg-boss': ['jobs'],
  'openid-client': ['authorization'],
  undici: ['utilities', 'webhooks'],
  'ipaddr.js': ['webhooks'],
  '@peculiar/x509': ['utilities'],
  nodemailer: ['open-mailer.ts'],
  commander: ['cli'],
  'hyparquet-writer': ['api'],
  zod: [
    'api',
    'pages',
    'custodian',
    'authorization',
    'utilities',
    'accounts',
    'webhooks',
    'config.ts',
    'storage',
    'cli',
  ],
  'temporal-polyfill': ['units'],
}

type Import = { file: string; folder: string; target: string }

function filesOf(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => path.join(folder, name))
}

function importsOf(folder: string): Import[] {
  return filesOf(folder).flatMap((file) => {
    const text = readFileSync(path.join(root, file), 'utf8')
    const found = text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([\w@./:-]+)'/g)
    const targets = new Set([...found].map((match) => match[1] ?? ''))
    return [...targets].map((target) => ({ file, folder: placeOf(file), target }))
  })
}

/** The folder below src/ (or the file directly in it) that a path belongs to. */
function placeOf(file: string): string {
  const [, first = ''] = file.split(path.sep)
  return first
}

const isTest = (file: string): boolean => file.endsWith('.test.ts')
const all = importsOf('src')
const production = all.filter(({ file }) => !isTest(file))

it('the folders of src are the ones of the layering, and there are files in it', () => {
  const places = new Set(
    filesOf('src')
      .filter((file) => !isTest(file))
      .map(placeOf),
  )
  expect([...places].filter((place) => !LAYERS.flat().includes(place))).toEqual([])
  expect(production.length).toBeGreaterThan(50)
})

it('imports point down', () => {
  const level = new Map(LAYERS.flatMap((group, index) => group.map((place) => [place, index] as const)))
  const wrong = production.filter(({ file, folder, target }) => {
    if (!target.startsWith('.')) return false
    const place = placeOf(path.relative(root, path.resolve(root, path.dirname(file), target)))
    return place !== folder && (level.get(place) ?? Infinity) >= (level.get(folder) ?? -1)
  })
  expect(wrong).toEqual([])
})

it('each dependency enters by its own door', () => {
  const wrong = production.filter(({ folder, target }) => {
    const name = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? '')
    const doors = DOORS[name]
    return doors !== undefined && !doors.includes(folder)
  })
  expect(wrong).toEqual([])
})

it('every package that src imports has a door', () => {
  const packages = production
    .filter(({ target }) => !target.startsWith('.') && !target.startsWith('node:'))
    .map(({ target }) =>
      target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : (target.split('/')[0] ?? ''),
    )
  expect([...new Set(packages)].filter((name) => DOORS[name] === undefined)).toEqual([])
})

it('src and simulators share no code', () => {
  expect(production.filter(({ target }) => target.includes('simulators/'))).toEqual([])
  const back = importsOf('simulators').filter(({ target }) => /(^|\/)src\//.test(target))
  expect(back).toEqual([])
})

it('only utilities knows a utility by name', () => {
  const names = /PG&E|Pacific Gas|\bSCE\b|Southern California Edison|'pge'|'sce'/
  const wrong = filesOf('src').filter((file) => {
    if (isTest(file) || ['utilities', 'cli'].includes(placeOf(file))) return false
    const code = readFileSync(path.join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    return names.test(code)
  })
  expect(wrong).toEqual([])
})

it('no test is skipped or focused, and none sleeps to wait for something', () => {
  const files = [...filesOf('src'), ...filesOf('test'), ...filesOf('simulators')].filter(isTest)
  const wrong = files.filter((file) => {
    const text = readFileSync(path.join(root, file), 'utf8')
    return /\b(?:it|test|describe)\.(?:skip|only|todo|fails|skipIf|runIf)\b/.test(text)
  })
  expect(wrong).toEqual([])
})
