/**
 * States of a flow: one customer's way from the form to the receipt. A flow only moves forward; what failed is started
 * anew from its form, with a new state. `exchanging` means that the utility's answer is used up: no second token request.
 */
export const FLOW_STATES = [
  'sent',
  'exchanging',
  'granted',
  'confirmed',
  'declined',
  'failed',
  'expired',
  'withdrawn',
  'abandoned',
] as const
export type FlowState = (typeof FLOW_STATES)[number]

const NEXT: Record<FlowState, readonly FlowState[]> = {
  sent: ['exchanging', 'expired'],
  exchanging: ['granted', 'declined', 'failed'],
  granted: ['confirmed', 'withdrawn', 'abandoned', 'failed'],
  confirmed: [],
  declined: [],
  failed: [],
  expired: [],
  withdrawn: [],
  abandoned: [],
}

/** True when the table has this step. */
export function isFlowStep(from: FlowState, to: FlowState): boolean {
  return NEXT[from].includes(to)
}
