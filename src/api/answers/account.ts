import { z } from 'zod'

import { ROLES, SCOPES } from '../../model/roles.ts'
import { text, time, uid } from './fields.ts'

/** Member: a person of a company. */
export const member = z
  .strictObject({ uid, email: text, name: text, role: z.enum(ROLES), created: time })
  .meta({ id: 'Member' })

const fields = {
  uid,
  name: text,
  scopes: z.array(z.enum(SCOPES)).meta({ description: "Of these it has what its member's role allows." }),
  user_uid: uid,
  user_email: text,
  created: time,
  expires: time,
  revoked: time.nullable(),
  last_used: time.nullable().meta({ description: 'To the hour.' }),
}

/** Token: what a program shows to be let in. */
export const token = z.strictObject(fields).meta({ id: 'Token' })

/** What making or rotating one answers: the only place where it is shown. */
export const newToken = z
  .strictObject({ ...fields, token: text.meta({ description: 'Shown this once.' }) })
  .meta({ id: 'NewToken' })
