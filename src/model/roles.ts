/** What a token may be for. Each operation of the API needs exactly one; test/verify/accounts tries every pair. */
export const SCOPES = ['read', 'forms', 'authorizations', 'collection', 'webhooks', 'account', 'test'] as const

export type Scope = (typeof SCOPES)[number]

/** What each scope allows, in words for the documentation. */
export const SCOPE_MEANINGS: Record<Scope, string> = {
  read: 'reads forms, templates, authorizations, meters, their data and events',
  forms: 'makes, changes and deletes forms and templates',
  authorizations: 'changes and revokes authorizations, changes meters',
  collection: 'has history collected and meters monitored',
  webhooks: 'reads, makes, changes and deletes webhooks, marks events as delivered',
  account: 'reads, makes, changes and removes members, tokens and clients',
  test: 'makes and deletes test authorizations',
}

/** Members of a company, from the one who may least. */
export const ROLES = ['viewer', 'member', 'admin', 'owner'] as const

export type Role = (typeof ROLES)[number]

const OF_ROLE: Record<Role, readonly Scope[]> = {
  viewer: ['read'],
  member: ['read', 'forms', 'authorizations', 'collection', 'test'],
  admin: SCOPES,
  owner: SCOPES,
}

/** What a member may do, whatever a token of theirs says. An owner differs from an admin in that only owners make owners. */
export function scopesOf(role: Role): readonly Scope[] {
  return OF_ROLE[role]
}

/** Whether a member of one role may act on one of another: on equals and lower ones, never upward. */
export function mayActOn(role: Role, other: Role): boolean {
  return ROLES.indexOf(other) <= ROLES.indexOf(role)
}
