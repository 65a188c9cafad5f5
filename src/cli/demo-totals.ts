import { z } from 'zod'

/** Totals of one customer's products. Amounts are exact decimals without trailing zeros; kWh, therms, dollars. */
export type Totals = {
  meters: number
  readings: number
  kwh_delivered: string
  kwh_received: string
  therms: string
  bills: number
  bill_total: string
  line_items: number
  billing_summaries: number
  gaps: number
}

type Api = { apiUrl: string; token: string }

/** GETs JSON from the API as the company's program would. Throws on any other status than 200. */
export async function getJson({ apiUrl, token }: Api, address: string): Promise<unknown> {
  const url = address.startsWith('http') ? address : `${apiUrl}${address}`
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return await response.json()
}

const meters = z.object({ meters: z.array(z.object({ uid: z.string() })) })
const bills = z.object({
  bills: z.array(
    z.object({ base: z.object({ bill_total_cost: z.number().nullable() }), line_items: z.array(z.unknown()) }),
  ),
})
const summaries = z.object({ billing_summaries: z.array(z.unknown()) })
const intervals = z.object({
  intervals: z.array(
    z.object({
      meter_uid: z.string(),
      readings: z.array(
        z.object({
          start: z.string(),
          end: z.string(),
          datapoints: z.array(z.object({ type: z.string(), unit: z.string(), value: z.number() })),
        }),
      ),
    }),
  ),
})

/** Reads one authorization's products through the API, all pages, and adds them up exactly. */
export async function totalsOf(api: Api, authorizationUid: string): Promise<Totals> {
  const of = `authorizations=${authorizationUid}`
  const allMeters = (await pages(api, `/meters?${of}`, meters)).flatMap((page) => page.meters)
  const allBills = (await pages(api, `/bills?${of}`, bills)).flatMap((page) => page.bills)
  const allSummaries = (await pages(api, `/accounting/billing-summaries?${of}`, summaries)).flatMap(
    (page) => page.billing_summaries,
  )
  const channels = channelsOf(
    (await pages(api, `/intervals?${of}&include=directions`, intervals)).flatMap((page) => page.intervals),
  )
  const sum = (wanted: (channel: string) => boolean): string =>
    addDecimals(
      [...channels].filter(([channel]) => wanted(channel)).flatMap(([, points]) => points.map(({ value }) => value)),
    )
  return {
    meters: allMeters.length,
    readings: [...channels.values()].reduce((count, points) => count + points.length, 0),
    kwh_delivered: sum((channel) => channel.endsWith('forward kwh')),
    kwh_received: sum((channel) => channel.endsWith('reverse kwh')),
    therms: sum((channel) => channel.endsWith('forward therms')),
    bills: allBills.length,
    bill_total: addDecimals(allBills.map(({ base }) => base.bill_total_cost ?? 0)),
    line_items: allBills.reduce((count, bill) => count + bill.line_items.length, 0),
    billing_summaries: allSummaries.length,
    gaps: [...channels.values()].reduce((count, points) => count + gapsIn(points), 0),
  }
}

const ledger = z.object({
  meters: z.number(),
  readings: z.number(),
  kwh_delivered: z.string(),
  kwh_received: z.string(),
  therms: z.string(),
  bills: z.number(),
  bill_total: z.string(),
  line_items: z.number(),
  billing_summaries: z.number(),
  gaps: z.number(),
})

/** What the simulated utility's generator knows that it shares, computed apart from any XML. */
export async function readLedger(admin: string, subscription: string): Promise<Totals> {
  const response = await fetch(`${admin}/_admin/ledger?subscription=${encodeURIComponent(subscription)}`)
  return ledger.parse(await response.json())
}

async function pages<T>(api: Api, first: string, schema: z.ZodType<T>): Promise<T[]> {
  const all: T[] = []
  for (let next: string | null = first; next !== null;) {
    const page = await getJson(api, next)
    all.push(schema.parse(page))
    next = z.object({ next: z.string().nullable() }).parse(page).next
  }
  return all
}

type Point = { start: number; end: number; value: number }

/** Readings by meter, direction and unit. `net` repeats what the directions say. */
function channelsOf(all: z.infer<typeof intervals>['intervals']): Map<string, Point[]> {
  const channels = new Map<string, Point[]>()
  for (const { meter_uid, readings } of all) {
    for (const { start, end, datapoints } of readings) {
      for (const { type, unit, value } of datapoints) {
        if (type === 'net') continue
        const key = `${meter_uid} ${type} ${unit}`
        const points = channels.get(key) ?? []
        points.push({ start: Date.parse(start), end: Date.parse(end), value })
        channels.set(key, points)
      }
    }
  }
  return channels
}

function gapsIn(points: readonly Point[]): number {
  const sorted = points.toSorted((a, b) => a.start - b.start)
  return sorted.filter(({ start }, at) => at > 0 && start > (sorted[at - 1]?.end ?? start)).length
}

const DIGITS = 12

/** The exact sum of numbers as they are written in JSON (their shortest decimal form), without trailing zeros. */
export function addDecimals(values: readonly number[]): string {
  let sum = 0n
  for (const value of values) sum += unscaled(value)
  const text = String(sum < 0n ? -sum : sum).padStart(DIGITS + 1, '0')
  const fraction = text.slice(-DIGITS).replace(/0+$/, '')
  return `${sum < 0n ? '-' : ''}${text.slice(0, -DIGITS)}${fraction === '' ? '' : `.${fraction}`}`
}

function unscaled(value: number): bigint {
  const [, sign = '', whole = '0', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(String(value)) ?? []
  const shift = DIGITS + Number(exponent) - fraction.length
  if (shift < 0) throw new RangeError(`more digits than are added exactly: ${value}`)
  return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(shift)
}
