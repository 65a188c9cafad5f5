import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { admin, all, parse, resourcesOf } from '../../test-client.ts'
import { modes } from '../faults.ts'
import { arrange, openBench } from './bench.ts'

/** Faults of notifications, seen by a plain node:http server. */
const bench = openBench()

/** Arranges, lets the utility push, and gives what arrives: `wanted` posts. */
const pushed = async (fault: Record<string, unknown>, wanted = 1): Promise<string[]> => {
  const { simulators, listener } = bench()
  const before = listener.bodies.length
  await arrange(bench(), { on: 'notification', ...fault })
  await admin(simulators.pge, 'POST', '/push')
  await listener.next(before + wanted)
  return listener.bodies.slice(before)
}

test('lost is never posted', async () => {
  const { simulators, listener } = bench()
  const before = listener.bodies.length
  await arrange(bench(), { on: 'notification', mode: 'lost' })
  await admin(simulators.pge, 'POST', '/push')
  await admin(simulators.pge, 'POST', '/push')
  await listener.next(before + 1)
  expect(await admin(simulators.pge, 'GET', '/notifications')).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ fault: 'lost', attempts: 0 })]),
  )
})

test.each([
  ['doubled', 2],
  ['five-times', 5],
])('%s posts the same %s times', async (mode, times) => {
  const bodies = await pushed({ mode }, times)
  expect([bodies.length, new Set(bodies).size]).toEqual([times, 1])
})

test('late comes after something later, and so does held', async () => {
  const { simulators, listener } = bench()
  for (const fault of [{ mode: 'late', delayMs: 400 }, { mode: 'held' }]) {
    const before = listener.bodies.length
    await arrange(bench(), { on: 'notification', ...fault })
    await admin(simulators.pge, 'POST', '/push')
    await admin(simulators.pge, 'POST', '/push')
    await listener.next(before + 2)
    const sent: unknown = await admin(simulators.pge, 'GET', '/notifications')
    const orders = JSON.stringify(sent)
    const [first = '', second = ''] = listener.bodies.slice(before).map((body) => resourcesOf(body)[0] ?? '')
    expect(orders.indexOf(second)).toBeLessThan(orders.indexOf(first))
  }
})

test.each([
  ['forged-host', (resources: string[]) => resources[0]?.startsWith('https://forged.example/')],
  ['unknown-id', (resources: string[]) => /=0{8}-0{4}-4000-8000-0{12}$/.test(resources[0] ?? '')],
  ['names', (resources: string[]) => resources.join() === 'https://a.example/1,https://a.example/2'],
  ['empty-list', (resources: string[]) => resources.length === 0],
  ['many-addresses', (resources: string[]) => resources.length === 10_000],
] as const)('%s names other addresses', async (mode, check) => {
  const [body = ''] = await pushed({
    mode,
    ...(mode === 'names' ? { body: 'https://a.example/1\nhttps://a.example/2' } : {}),
  })
  expect(check(resourcesOf(body))).toBe(true)
})

test.each([
  ['whitespace', (body: string) => />\s+https:[^<]*\s+</.test(body)],
  ['empty-body', (body: string) => body === ''],
  ['not-xml', (body: string) => body.startsWith('{')],
  ['doctype', (body: string) => body.includes('<!DOCTYPE')],
  ['huge-body', (body: string) => body.length > 300_000],
  ['atom-wrapped', (body: string) => all(parse(body), 'BatchList').length === 1],
  ['truncated', (body: string) => !body.includes('</ns0:BatchList>')],
] as const)('%s spoils the body', async (mode, check) => {
  const [body = ''] = await pushed({ mode, ...(mode === 'huge-body' ? { bytes: 300_000 } : {}) })
  expect(check(body)).toBe(true)
})

test('get-ping asks first, wrong-type says text, slow-body comes all the same', async () => {
  const { listener } = bench()
  const [ping = 'none'] = await pushed({ mode: 'get-ping' }, 2)
  expect([ping, listener.requests.at(-2)?.method]).toEqual(['', 'GET'])
  await pushed({ mode: 'wrong-type' })
  expect(listener.requests.at(-1)).toEqual({ method: 'POST', type: 'text/plain' })
  const [body = ''] = await pushed({ mode: 'slow-body', delayMs: 1 })
  expect(resourcesOf(body)).toHaveLength(2)
})

test('the admin API lists at least 72 modes, each with one line, and each is named in a test beside this one', async () => {
  const listed = await admin(bench().simulators.pge, 'GET', '/fault-modes')
  expect(listed).toEqual(modes.map(({ name, group, on, about }) => ({ name, group, on, about })))
  expect(new Set(modes.flatMap((m) => m.on.map((on) => `${on} ${m.name}`))).size).toBe(
    modes.flatMap((m) => m.on).length,
  )
  expect(modes.length).toBeGreaterThanOrEqual(72)
  expect(modes.filter((m) => m.about.length < 5 || m.about.includes('\n'))).toEqual([])
  const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
  const text = tests.map((name) => readFileSync(path.join(import.meta.dirname, name), 'utf8')).join('\n')
  expect(
    modes.filter((m) => !new RegExp(`['\` ]${m.name.replaceAll('.', '\\.')}['\` ,]`).test(text)).map((m) => m.name),
  ).toEqual([])
})
