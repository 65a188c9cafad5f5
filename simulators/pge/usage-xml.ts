import { type Agreement, flowsOf } from '../world/household.ts'
import { lengthOf, midnight } from '../world/local-days.ts'
import type { DayReadings } from '../world/readings.ts'
import { touNames } from '../world/tariffs.ts'
import { element, entry, type Style, root, typedValue } from './xml.ts'

/** Addresses of PG&E's usage resources; ids are the base64 encodings that its answers show. */
export type Places = ReturnType<typeof placesOf>

/** Since June 2024 the id of a MeterReading names the meter as well; how is not public, so `withMeter` is our guess. */
export const placesOf = (base: string, withMeter: boolean) => {
  const usagePoint = (s: string, u: string): string => `${base}/Subscription/${s}/UsagePoint/${u}`
  const readingType = (agreement: Agreement, flow: number): string => {
    const uom = agreement.commodity === 'gas' ? 169 : 72
    return base64(`${uom}:null:${agreement.intervalLength}:${flow}`)
  }
  const meterReading = ({ agreement, flow, meter }: Channel): string =>
    base64(`${readingType(agreement, flow)}:${flow === 1 ? 1 : 2}${meter === null ? '' : `:${meter}`}`)
  return { base, withMeter, usagePoint, readingType, meterReading }
}

/** One MeterReading: a flow direction, and since 2024 (when ids name the meter) one meter of it; null: all of them. */
export type Channel = { agreement: Agreement; flow: 1 | 19; meter: string | null }

export const channelsOf = (agreement: Agreement, withMeter: boolean): Channel[] =>
  flowsOf(agreement).flatMap((flow): Channel[] =>
    withMeter ? agreement.meters.map(({ meter }) => ({ agreement, flow, meter })) : [{ agreement, flow, meter: null }],
  )

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

type Making = { style: Style; places: Places; ms: number }

export const localTimeEntry = ({ style, places, ms }: Making): string =>
  entry(style, {
    links: { up: `${places.base}/LocalTimeParameters`, self: `${places.base}/LocalTimeParameters/1` },
    title: 'DST FOR PACIFIC TIMEZONE',
    ms,
    content: root(
      'LocalTimeParameters',
      element('dstEndRule', 'B40E2000') +
        element('dstOffset', 3600) +
        element('dstStartRule', '360E2000') +
        element('tzOffset', -28_800),
    ),
  })

export const readingTypeEntry = (making: Making, agreement: Agreement, flow: number): string => {
  const gas = agreement.commodity === 'gas'
  const fields: [string, number][] = [
    ['accumulationBehaviour', 4],
    ['commodity', gas ? 7 : 1],
    ['dataQualifier', 12],
    ['defaultQuality', 17],
    ['flowDirection', flow],
    ['intervalLength', agreement.intervalLength],
    ['kind', 12],
    ['powerOfTenMultiplier', gas ? -8 : -3],
    ['timeAttribute', gas ? 11 : 0],
    ['uom', gas ? 169 : 72],
    ['measuringPeriod', gas ? 4 : agreement.intervalLength === 900 ? 2 : 7],
  ]
  return entry(making.style, {
    links: {
      up: `${making.places.base}/ReadingType`,
      self: `${making.places.base}/ReadingType/${making.places.readingType(agreement, flow)}`,
    },
    title: 'Type of Meter Reading Data',
    ms: making.ms,
    content: root('ReadingType', fields.map(([name, value]) => element(name, value)).join('')),
  })
}

export const usagePointEntry = (making: Making, subscription: string, agreement: Agreement): string => {
  const { places } = making
  const self = places.usagePoint(subscription, agreement.id)
  return entry(making.style, {
    links: {
      up: `${places.base}/Subscription/${subscription}/UsagePoint`,
      self,
      related: [`${self}/MeterReading`, `${self}/UsageSummary`, `${places.base}/LocalTimeParameters/1`],
    },
    title: 'Green Button Data File',
    ms: making.ms,
    content: root('UsagePoint', element('ServiceCategory', element('kind', agreement.commodity === 'gas' ? 1 : 0))),
  })
}

export const meterReadingEntry = (making: Making, subscription: string, of: Channel): string => {
  const { places } = making
  const up = `${places.usagePoint(subscription, of.agreement.id)}/MeterReading`
  const self = `${up}/${places.meterReading(of)}`
  const type = `${places.base}/ReadingType/${places.readingType(of.agreement, of.flow)}`
  return entry(making.style, {
    links: { up, self, related: [`${self}/IntervalBlock`, type, `${places.base}/LocalTimeParameters/1`] },
    title: 'Green Button Data File',
    ms: making.ms,
    content: '<ns0:MeterReading xmlns:ns0="http://naesb.org/espi"/>',
  })
}

export type Block = { channel: Channel; day: number; readings: DayReadings }

/** One local day. The block begins and ends with the day, also where readings are missing; gas is one second late. */
export const intervalBlockEntry = (making: Making, subscription: string, block: Block): string => {
  const { places } = making
  const { channel, day, readings } = block
  const { agreement } = channel
  const start = blockStart(agreement, day)
  const up = `${places.usagePoint(subscription, agreement.id)}/MeterReading/${places.meterReading(channel)}/IntervalBlock`
  const parts = [
    `<ns0:interval><ns0:duration>${lengthOf(day)}</ns0:duration><ns0:start>${start}</ns0:start></ns0:interval>`,
  ]
  readings.starts.forEach((at, i) => {
    const tou = readings.tous[i] ?? 0
    parts.push(
      `<ns0:IntervalReading><ns0:ReadingQuality><ns0:quality>${readings.qualities[i]}</ns0:quality></ns0:ReadingQuality>`,
      `<ns0:timePeriod><ns0:duration>${readings.durations[i]}</ns0:duration><ns0:start>${at}</ns0:start></ns0:timePeriod>`,
      `<ns0:value>${readings.values[i]}</ns0:value>${tou > 0 ? `<ns0:tou>${tou}</ns0:tou>` : ''}</ns0:IntervalReading>`,
    )
  })
  return entry(making.style, {
    links: { up, self: `${up}/${start}` },
    title: `IntervalBlock_${start}`,
    ms: making.ms,
    content: root('IntervalBlock', parts.join('')),
  })
}

export const blockStart = (agreement: Agreement, day: number): number =>
  midnight(day) + (agreement.commodity === 'gas' ? 1 : 0)

export const mappingsContent = (): string =>
  root(
    'ProgramIdMappings',
    Object.entries(touNames)
      .map(([code, { short, name }]) =>
        element(
          'programIdMapping',
          element('tOUorCPPorConsumptionTier', 'tou') +
            typedValue('code', 'int', code) +
            typedValue('name', 'string', short) +
            typedValue('note', 'string', name),
        ),
      )
      .join(''),
  )

export const mappingsEntry = ({ style, places, ms }: Making): string =>
  entry(style, {
    links: { up: `${places.base}/ProgramIdMapping`, self: `${places.base}/ProgramIdMapping/1` },
    title: 'Time Of Use & Consumption Tier Code Info',
    ms,
    content: mappingsContent(),
  })

export type { Making }

/** The distinct reading types of some agreements, for the master list. */
export const readingTypesOf = (agreements: readonly Agreement[]): { agreement: Agreement; flow: 1 | 19 }[] => {
  const seen = new Set<string>()
  return agreements
    .flatMap((agreement) => flowsOf(agreement).map((flow) => ({ agreement, flow })))
    .filter(({ agreement, flow }) => {
      const key = `${agreement.commodity}:${agreement.intervalLength}:${flow}`
      return seen.has(key) ? false : seen.add(key)
    })
}
