import type { ApiError } from '../api-error.ts'

/** The error of API v2, exactly these keys. publicUrl: our own address, where the error's page is. */
export function renderError({ code, message }: ApiError, publicUrl: string): Record<string, unknown> {
  return { error: code, error_description: message, url: `${publicUrl}/docs/errors/${code}` }
}

/** Problem details of API v3, RFC 9457. `errors` names every parameter or field that is wrong. */
export function renderProblem(
  { code, status, message, fields }: ApiError,
  { publicUrl, requestId }: { publicUrl: string; requestId: string },
): Record<string, unknown> {
  return {
    type: `${publicUrl}/docs/errors/${code}`,
    title: title(code),
    status,
    detail: message,
    code,
    request_id: requestId,
    errors: fields,
  }
}

function title(code: string): string {
  return `${code.charAt(0).toUpperCase()}${code.slice(1).replaceAll('_', ' ')}`
}
