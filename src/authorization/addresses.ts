/** Addresses under which customers reach their path; pages/ serves exactly these. */

/** The redirect URI registered at the utility: one for each utility. */
export function callbackUrl(publicUrl: string, utilitySlug: string): string {
  return `${publicUrl}/utilities/${utilitySlug}/callback`
}

/** The form again, as far as it was filled: the way on after a dead end. */
export function formUrl(
  publicUrl: string,
  form: { alias: string; utilitySlug: string | null; key: string | null; language: string },
): string {
  const path = form.utilitySlug === null ? `/authorize/${form.alias}` : `/${form.utilitySlug}/gb-oauth/${form.alias}`
  const url = new URL(`${publicUrl}${path}`)
  if (form.key !== null) url.searchParams.set('f', form.key)
  if (form.language !== 'en') url.searchParams.set('lang', form.language)
  return url.href
}

/** The private link of the receipt. */
export function receiptUrl(publicUrl: string, key: string): string {
  return `${publicUrl}/receipt/${key}`
}

/** The reminder's link to a final step that was never taken. */
export function resumeUrl(publicUrl: string, key: string): string {
  return `${publicUrl}/resume/${key}`
}
