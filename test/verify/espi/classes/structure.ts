import { replaceElement, replaceEntry, replaceLeaf, setAll, setLeaf } from '../edit.ts'
import { accepted, type MalformedClass, quarantined, variant, warning } from '../malformed-class.ts'

const without = (feed: string, kind: string): string => replaceEntry(feed, kind, () => '')
const readings = (feed: string, make: (all: string, first: string) => string): string =>
  feed.replace(/<((?:\w+:)?)IntervalReading>[\s\S]*<\/\1IntervalReading>/, (all, p: string) =>
    make(all, all.slice(0, all.indexOf(`</${p}IntervalReading>`) + `</${p}IntervalReading>`.length)),
  )

/** Resources that are not there, twice, elsewhere, or say what ESPI does not know. */
export const STRUCTURE: MalformedClass[] = [
  {
    name: 'no reading type',
    verdict: warning('missing_reading_type'),
    make: ({ feed }) => without(feed, 'ReadingType'),
  },
  {
    name: 'two reading types at one address that differ',
    verdict: warning('ambiguous_reading_type'),
    make: ({ feed }) => replaceEntry(feed, 'ReadingType', (entry) => entry + entry.replace('>72<', '>38<')),
  },
  { name: 'no usage point', verdict: accepted, make: ({ feed }) => without(feed, 'UsagePoint') },
  { name: 'no meter reading', verdict: warning('links_by_only'), make: ({ feed }) => without(feed, 'MeterReading') },
  { name: 'block without readings', verdict: accepted, make: ({ feed }) => readings(feed, () => '') },
  {
    name: 'block without its own interval',
    verdict: accepted,
    make: ({ feed, random }) => replaceElement(feed, random, 'interval', () => ''),
  },
  {
    name: 'readings outside their block',
    verdict: accepted,
    make: ({ feed, random, n }) =>
      replaceElement(feed, random, 'interval', (text) => text.replace(/>\d{10}</, `>${1_000_000_000 + n}<`)),
  },
  {
    name: 'reading twice',
    verdict: warning('repaired_keepLastOfDuplicateStarts'),
    make: ({ feed }) => readings(feed, (all, first) => all + first),
  },
  {
    name: 'reading twice with another value',
    verdict: warning('repaired_keepLastOfDuplicateStarts'),
    make: ({ feed }) => readings(feed, (all, first) => all + first.replace(/(value>)\d+/, '$177')),
  },
  {
    name: 'readings that overlap',
    verdict: warning('duration_corrected'),
    make: ({ feed, n }) => setAll(feed, 'duration', (old) => (old === '900' ? String(1000 + n) : old)),
  },
  {
    name: 'readings in no order',
    verdict: accepted,
    make: ({ feed }) => readings(feed, (all, first) => all.slice(first.length) + first),
  },
  {
    name: 'reading without a value',
    verdict: warning('missing_value'),
    make: ({ feed, random, n }) =>
      replaceLeaf(feed, random, 'value', (p) =>
        variant(n, ['', `<${p}value/>`, `<${p}value></${p}value>`, `<${p}value> </${p}value>`]),
      ),
  },
  {
    name: 'reading without a time',
    verdict: accepted,
    make: ({ feed, random }) => replaceElement(feed, random, 'timePeriod', () => ''),
  },
  {
    name: 'reading and block without a time',
    verdict: warning('missing_time'),
    make: ({ feed, random }) =>
      replaceElement(
        replaceElement(feed, random, 'interval', () => ''),
        random,
        'timePeriod',
        () => '',
      ),
  },
  {
    name: 'elements where a number belongs',
    verdict: warning('missing_value'),
    make: ({ feed, random, n }) =>
      setLeaf(
        feed,
        random,
        'value',
        variant(n, [
          '<x xmlns="">1</x>',
          '<IntervalReading xmlns="http://naesb.org/espi"><value>1</value></IntervalReading>',
          '<x xmlns=""/>',
        ]),
      ),
  },
  {
    name: 'elements nobody knows',
    verdict: warning('unknown_elements'),
    make: ({ feed, random, n }) =>
      replaceLeaf(
        feed,
        random,
        variant(n, ['value', 'uom', 'billLastPeriod']),
        (p, leaf) => `${leaf}<${p}newIn2031>${n}</${p}newIn2031>`,
      ),
  },
  {
    name: 'elements with the names that objects are born with',
    verdict: warning('unknown_elements'),
    make: ({ feed, random, n }) =>
      replaceLeaf(
        feed,
        random,
        'billLastPeriod',
        (p, leaf) =>
          `${leaf}<${p}${variant(n, ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])}><${p}polluted>1</${p}polluted></${p}${variant(n, ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])}>`,
      ),
  },
  {
    name: 'entry of another subscription',
    verdict: quarantined('foreign_entry'),
    make: ({ feed, n }) =>
      replaceEntry(feed, variant(n, ['IntervalBlock', 'UsageSummary', 'UsagePoint']), (entry) =>
        entry.replaceAll(
          'Subscription/9001',
          variant(n, ['Subscription/9002', 'Subscription/90011', 'Subscription/900', 'RetailCustomer/7']),
        ),
      ),
  },
  {
    name: 'bill without a period',
    verdict: warning('summary_without_period'),
    make: ({ feed, random }) => replaceElement(feed, random, 'billingPeriod', () => ''),
  },
  {
    name: 'bill whose period goes backwards',
    verdict: warning('summary_without_period'),
    make: ({ feed, random, n }) =>
      setLeaf(feed, random, 'duration', `-${n}`).replace(
        /(billingPeriod><(?:\w+:)?duration>)\d+/,
        variant(n, ['$1-2592000', '$10', '$1-1']),
      ),
  },
  {
    name: 'bill in the year 9999',
    verdict: warning('summary_without_period'),
    make: ({ feed }) => feed.replace(/(billingPeriod>.*?start>)\d+/s, '$1253402300799'),
  },
  {
    name: 'bills that overlap',
    verdict: warning('bills_overlap'),
    make: ({ feed }) =>
      replaceEntry(
        feed,
        'UsageSummary',
        (entry) => entry + entry.replaceAll('UsageSummary/1', 'UsageSummary/2').replace('2592000', '5184000'),
      ),
  },
  {
    name: 'bill whose lines do not add up',
    verdict: warning('lines_do_not_add_up'),
    make: ({ feed, random, n }) =>
      replaceLeaf(
        feed,
        random,
        'billLastPeriod',
        (p, leaf) =>
          `${leaf}<${p}costAdditionalDetailLastPeriod><${p}amount>${5 + n}</${p}amount><${p}note>x</${p}note><${p}itemKind>1</${p}itemKind></${p}costAdditionalDetailLastPeriod>`,
      ),
  },
  {
    name: "time zone that is not the utility's",
    verdict: warning('time_zone_differs'),
    make: ({ feed }) =>
      replaceEntry(
        feed,
        'UsagePoint',
        (entry, p) =>
          `${entry}<${p}entry><${p}content><LocalTimeParameters xmlns="http://naesb.org/espi"><dstOffset>3600</dstOffset><tzOffset>3600</tzOffset></LocalTimeParameters></${p}content></${p}entry>`,
      ),
  },
]
