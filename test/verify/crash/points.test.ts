import { runPoints } from './run-points.ts'

runPoints('embedded', { sample: [10, 31] })
