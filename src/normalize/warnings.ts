import type { Warning } from '../model/decoded-feed.ts'

/** Every warning of this folder: its code and the sentence people read. The codes are stable. */
export const SENTENCES = {
  usage_point_unnamed:
    'Readings or bills hang on no usage point that has a name; they were kept under the name "unnamed".',
  links_by_address: 'Links agree only when host, case and slashes are ignored; the resources were tied so.',
  'links_by_parent-self': 'Resources name their parent itself where ESPI wants its collection; they were tied so.',
  'links_by_child-self': 'Parents name single children where ESPI wants their collection; they were tied so.',
  links_by_path: 'Resources are tied to their parents by nothing but addresses that begin alike; they were tied so.',
  links_by_nested: 'Reading types stand inside their meter readings; they were taken from there.',
  links_by_only: 'Resources are not linked to their parents; the only candidate was taken.',
  links_by_order: 'Resources are not linked to their parents; the nearest candidate before them was taken.',
  ambiguous_reading_type: 'Two reading types share one address but differ; the first was used.',
  missing_reading_type: 'Readings came without a reading type, so their unit is not known; they were left out.',
  assumed_reading_type: 'A reading type names no unit; watt-hours were assumed, as the service is electricity.',
  unsupported_unit: 'A series has a unit that cannot be carried; it was left out.',
  unsupported_scale: 'A series has a power of ten that no meter has; it was left out.',
  unit_does_not_fit: 'A series has a unit that its service is not sold in; it was left out.',
  unsupported_flow: 'A series counts one quadrant or phase of the flow; it was left out.',
  missing_time: 'Readings without a time, or with one that cannot be true, were left out.',
  missing_value: 'Readings without a value were left out; they are gaps.',
  value_out_of_range: 'Values too large or too fine to be carried exactly were left out.',
  autumn_hour_restored:
    'Where clocks went back, one hour was missing and the next came twice; the first of each two was moved an hour back.',
  repeated_starts: 'Readings came more than once with the same value; one of each was kept.',
  conflicting_starts:
    'Readings came more than once with different values; the better quality, then the later one was kept.',
  duration_corrected: 'Some durations do not reach the next reading, or reach past it; they were taken from its start.',
  coarser_readings_left_out: 'The same usage came in two interval lengths; the finer readings were used.',
  finer_readings_left_out:
    'The same usage came in two interval lengths; the longer readings were used where the finer leave holes or are worse.',
  lengths_disagree: 'Readings of two lengths for the same time do not add up to each other.',
  register_went_back: 'A meter index is lower than the one before; the usage between them is not known.',
  several_meters: 'Several meters report in one channel at the same time; they are kept apart.',
  implausible_usage: 'The usage of a day is far beyond what this kind of service delivers; check the scale.',
  implausible_price: 'The price of a unit is far from any tariff; check the scale of money or usage.',
  summary_without_period: 'A usage summary has no billing period; it makes no bill.',
  bills_overlap: 'Two bills of one meter overlap in time.',
  lines_do_not_add_up: 'The lines of a bill do not add up to its total.',
  information_lines_are_money:
    'Lines marked as information add up to the total of their bill; they were taken as charges.',
  amount_unreadable: 'An amount is no whole number of hundred-thousandths; it was left out.',
  time_zone_differs: "The feed's time zone is not the utility's; the utility's was used.",
  unknown_elements: 'The feed has elements that ESPI does not define; they were passed over.',
  entries_without_content: 'Some entries hold no resource; they were passed over.',
} as const

export type WarningCode = keyof typeof SENTENCES

/** Counts warnings by code while a feed is normalized. */
export type WarningCounts = Map<WarningCode, number>

export function warn(counts: WarningCounts, code: WarningCode, count = 1): void {
  if (count > 0) counts.set(code, (counts.get(code) ?? 0) + count)
}

export function listWarnings(counts: WarningCounts): Warning[] {
  return [...counts].map(([code, count]) => ({ code, count, message: SENTENCES[code] }))
}
