import type { Party } from '../kit/parties.ts'
import type { Agreement } from '../world/household.ts'

export const dataGroups = ['Usage', 'Billing', 'Basic', 'Account', 'ProgramEnrollment'] as const

const always = [1, 3, 8, 13, 14, 18, 19, 31, 32, 35, 37, 38, 39]

/** The scope PG&E grants: not sorted, the blocks that are always there come first. */
export const scopeOf = (data: readonly string[], agreements: readonly Agreement[], party: Party): string => {
  const { bulkId } = party.registration
  const usage = data.includes('Usage')
  const billing = data.includes('Billing')
  const electric = agreements.some((a) => a.commodity === 'electricity')
  const gas = agreements.some((a) => a.commodity === 'gas')
  const blocks = [
    ...always,
    ...(usage ? [4] : []),
    ...(usage && electric ? [5] : []),
    ...((usage || billing) && gas ? [10] : []),
    ...(usage || billing ? [15] : []),
    ...(billing ? [16] : []),
    ...(['Basic', 'Account', 'ProgramEnrollment'].some((group) => data.includes(group)) ? [46, 47] : []),
  ]
  return (
    `FB=${blocks.join('_')};AdditionalScope=${data.join('_')};IntervalDuration=900_3600;BlockDuration=Daily;` +
    `HistoryLength=${party.historySeconds};SubscriptionFrequency=Daily;AccountCollection=${agreements.length};BR=${bulkId};dataCustodianId=PGE`
  )
}

export const customerDataIn = (data: readonly string[]): boolean => data.includes('Basic') || data.includes('Account')
