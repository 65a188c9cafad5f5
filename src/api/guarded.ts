import { AddressRefused } from '../webhooks/address-guard.ts'
import { invalidParam } from './api-error.ts'

/** What the address guard refuses is told as a fault of the field that held the address. */
export async function guarded<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AddressRefused) throw invalidParam(field, error.message)
    throw error
  }
}
