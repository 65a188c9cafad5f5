import { faultsSuite } from './faults-suite.ts'
import { sce } from './faults-table.ts'

faultsSuite('sce', 'sce', sce)
