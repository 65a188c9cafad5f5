import { z } from 'zod'

import { ROLES, SCOPES } from '../model/roles.ts'
import { emailAddress, overlapHours, plainText, uid } from './parameters.ts'

const name = plainText.min(1, 'must not be empty').max(100, 'is too long')
const role = z.enum(ROLES, `must be one of ${ROLES.join(', ')}`)

export const tokenBody = z.object({
  name,
  scopes: z
    .array(z.enum(SCOPES, `must be of ${SCOPES.join(', ')}`), 'must be a list of scopes')
    .min(1, 'must not be empty')
    .max(SCOPES.length, 'has more than there are')
    .transform((scopes) => [...new Set(scopes)]),
  expires: z.iso
    .datetime({ offset: true, error: 'must be an ISO 8601 time with its offset' })
    .optional()
    .meta({ description: 'Within ten years; a year from now when not given.' }),
  user_uid: uid.optional().meta({ description: 'A member whose role is not above yours; you when not given.' }),
})

export const rotateTokenBody = z.object({ overlap_hours: overlapHours('token') })

export const memberBody = z.object({ email: emailAddress, name, role })

export const memberEdit = z.object({ name: name.optional(), role: role.optional() })
