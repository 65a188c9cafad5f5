import { testHalf } from './seeds-of-half.ts'

testHalf(0)
