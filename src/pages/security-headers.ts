/**
 * Chromium applies form-action to every redirect after a form, and a utility's sign-in may pass through hosts that nobody
 * told us: any https address, then. Our forms themselves only ever post to us; on a laptop the utilities are on loopback.
 */
function policy(publicUrl: string): string {
  const elsewhere = publicUrl.startsWith('https:') ? 'https:' : 'https: http://127.0.0.1:* http://localhost:*'
  return [
    "default-src 'none'",
    "style-src 'self'",
    'img-src data:',
    `form-action 'self' ${elsewhere}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/**
 * Headers of every page: no script at all, nothing from other sites, never in a frame, never stored, no address told to
 * the site that a link leads to. `data:` images are the company's logo.
 */
export function securityHeaders(publicUrl: string): Record<string, string> {
  return {
    'content-security-policy': policy(publicUrl),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=()',
    'cache-control': 'no-store',
    ...(publicUrl.startsWith('https:') ? { 'strict-transport-security': 'max-age=63072000' } : {}),
  }
}
