import { BACKUP_POINT, RESTORE_POINT } from './backup-points.ts'
import { EXPORT_POINT } from './export-point.ts'
import { LATER_POINTS } from './later-points.ts'
import { POINTS } from './points.ts'
import { afterwards, onTheWay, type Scenario } from './scenario.ts'
import { ROTATION_POINT } from './rotation-point.ts'
import { SHUTDOWN_POINT } from './shutdown-point.ts'
import { FIRST_START, MIGRATION_POINT } from './start-points.ts'

/** Every place to die that there is, in the order of the checklist. */
export const SCENARIOS: readonly Scenario[] = [
  ...POINTS.map(onTheWay),
  ...LATER_POINTS.map(afterwards),
  ROTATION_POINT,
  MIGRATION_POINT,
  EXPORT_POINT,
  BACKUP_POINT,
  RESTORE_POINT,
  FIRST_START,
  SHUTDOWN_POINT,
].toSorted((a, b) => a.no - b.no)

/** The checklist has so many places. */
export const PLACES = 40
