import type { ListedForm } from '../../storage/list-form-page.ts'
import { platformTime } from './times.ts'

/** Form, utilityapi.md 6.2. */
export function renderForm(form: ListedForm, publicUrl: string): Record<string, unknown> {
  return {
    uid: form.formUid,
    created: platformTime(form.created),
    updated: platformTime(form.updated),
    template_uid: form.templateUid,
    authorization_uid: form.authorizationUid,
    is_archived: form.isArchived,
    disabled: form.disabled,
    user_email: form.userEmail,
    user_uid: form.memberUid,
    url: `${publicUrl}/authorize/${form.alias}?f=${form.key}`,
    customer_email: form.customerEmail,
    utility: form.utility,
    scope: form.scope,
  }
}
