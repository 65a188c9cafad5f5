/**
 * States of an authorization. `pending`: the utility granted, the customer has not yet confirmed on our form.
 * `declined` and `abandoned` never collected anything; `revoked` and `expired` no longer do.
 */
export const AUTHORIZATION_STATES = [
  'pending',
  'active',
  'needs_reauthorization',
  'expired',
  'revoked',
  'declined',
  'abandoned',
] as const
export type AuthorizationState = (typeof AUTHORIZATION_STATES)[number]

/** The kinds of data a consent can cover: the four products. */
export const DATA_CLASSES = ['meters', 'bills', 'intervals', 'accounting'] as const
export type DataClass = (typeof DATA_CLASSES)[number]
