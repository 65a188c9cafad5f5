import { rows, type Scenario } from './faults-scenario.ts'

/** The audit's word for entries of another customer. */
const FOREIGN = 'foreign_entries_dropped'

/** PG&E, a window of usage: every mode that an answer can have. */
export const pgeUsage: Scenario[] = [
  ...rows(['pge', 'usage', 'retry'], ['close network', 'lost-answer network', 'reset-in-header network']),
  ...rows(
    ['pge', 'usage', 'retry'],
    ['reset-in-body network', 'cut network', 'half-open network', 'no-answer network'],
  ),
  ...rows(['pge', 'usage', 'retry'], ['byte-drip network', 'slow-header network', 'huge-header network']),
  ...rows(['pge', 'usage', 'retry'], ['many-headers network', 'endless-body too_large', 'length-too-short truncated']),
  ...rows(['pge', 'usage', 'retry'], ['http-408 server_error', 'http-429 too_many_requests', 'http-500 server_error']),
  ...rows(['pge', 'usage', 'retry'], ['http-502 server_error', 'http-504 server_error'], 3),
  ...rows(['pge', 'usage', 'retry'], ['html page_instead_of_feed', 'redirect-foreign redirected'], 'mended'),
  ...rows(['pge', 'usage', 'retry'], ['redirect-same redirected', 'json-error not_xml', 'soap-fault not_green_button']),
  ...rows(['pge', 'usage', 'retry'], ['truncated truncated', 'expire-mid-feed truncated'], 2),
  ...rows(['pge', 'usage', 'retry'], ['wrong-namespace not_green_button', 'gzip-twice not_xml', 'gzip-unsaid not_xml']),
  ...rows(['pge', 'usage', 'retry'], ['gzip-broken broken_gzip', 'gzip-plain broken_gzip', 'gzip-cut broken_gzip']),
  ...rows(['pge', 'usage', 'retry'], ['gzip-bad-checksum broken_gzip', 'gzip-bomb inflation_ratio']),
  ...rows(['pge', 'usage', 'retry'], ['unknown-coding content_coding'], 'mended'),
  ...rows(['pge', 'usage', 'wait'], ['http-429-seconds too_many_requests', 'http-429-date too_many_requests']),
  ...rows(['pge', 'usage', 'wait'], ['http-503-retry-after server_error'], 2),
  ...rows(['pge', 'usage', 'wait'], ['no-content next_refresh', 'empty next_refresh', 'no-entries next_refresh']),
  ...rows(['pge', 'usage', 'wait'], ['missing-day next_refresh', 'late-day next_refresh', 'huge-values next_refresh']),
  ...rows(['pge', 'usage', 'wait'], ['text-values next_refresh', 'future-readings next_refresh']),
  ...rows(['pge', 'usage', 'wait'], ['negative-values next_refresh', 'contradicting-readings next_refresh']),
  ...rows(['pge', 'usage', 'wait'], ['overlapping-readings next_refresh', 'unknown-unit next_refresh']),
  ...rows(['pge', 'usage', 'wait'], ['no-reading-type next_refresh']),
  ...rows(['pge', 'usage', 'stop'], ['broken-xml not_well_formed', 'doctype-bomb doctype', 'external-entity doctype']),
  ...rows(['pge', 'usage', 'stop'], ['undefined-entity undeclared_entity', 'deep-nesting too_deep']),
  ...rows(['pge', 'usage', 'stop'], ['many-attributes too_many_attributes', 'huge-text text_too_long']),
  ...rows(['pge', 'usage', 'stop'], ['unbound-prefix unbound_prefix', 'latin-1-unsaid bad_encoding']),
  ...rows(['pge', 'usage', 'stop'], ['overlong-utf-8 bad_encoding', 'nul-byte bad_encoding']),
  ...rows(['pge', 'usage', 'operator alarm'], ['http-400 request_refused', 'http-404 address_not_found']),
  ...rows(['pge', 'usage', 'operator alarm'], ['http-405 request_refused', 'http-410 address_not_found']),
  ...rows(['pge', 'usage', 'operator alarm'], ['http-413 request_refused', 'http-418 request_refused']),
  ...rows(['pge', 'usage', 'operator alarm'], ['http-401-revoked not_in_grant', 'http-403-scope not_in_grant']),
  ...rows(['pge', 'usage', 'operator alarm'], ['client-certificate-refused certificate_refused']),
  ...rows(
    ['pge', 'usage', 'operator alarm'],
    ['other-subscription', 'foreign-entry'].map((m) => `${m} ${FOREIGN}`),
    1,
  ),
  ...rows(
    ['pge', 'usage', 'unharmed'],
    ['http-401-expired', 'drip', 'narrow-band', 'late-answer', 'wrong-type', 'no-type'],
  ),
  ...rows(['pge', 'usage', 'unharmed'], ['date-ahead', 'date-behind', 'date-missing', 'byte-order-mark', 'utf-16']),
  ...rows(['pge', 'usage', 'unharmed'], ['lying-declaration', 'processing-instruction', 'two-documents']),
  ...rows(['pge', 'usage', 'unharmed'], ['doubled-readings', 'readings-backward', 'unknown-quality', 're-encoded-ids']),
]

/** PG&E, everything else: the customer's way, connections, tokens, and the other requests of collection. */
export const pge: Scenario[] = [
  ...rows(['pge', 'authorize', 'retry'], ['server-error unavailable', 'temporarily-unavailable unavailable']),
  ...rows(['pge', 'authorize', 'retry'], ['html sent', 'close sent']),
  ...rows(['pge', 'authorize', 'stop'], ['access-denied declined'], 1),
  ...rows(['pge', 'way back', 'retry'], ['no-code malformed', 'wrong-code invalid_grant', 'no-state sent']),
  ...rows(['pge', 'way back', 'retry'], ['wrong-state sent', 'code-and-error unavailable']),
  ...rows(['pge', 'code exchange', 'retry'], ['invalid-grant invalid_grant', 'http-500 outcome_unknown']),
  ...rows(
    ['pge', 'code exchange', 'retry'],
    ['no-access-token', 'html', 'xml-token'].map((m) => `${m} outcome_unknown`),
  ),
  ...rows(
    ['pge', 'code exchange', 'retry'],
    ['lost-answer outcome_unknown', 'close outcome_unknown', 'huge-token too_large'],
  ),
  ...rows(['pge', 'code exchange', 'retry'], ['unknown-token-type outcome_unknown', 'http-408 outcome_unknown']),
  ...rows(
    ['pge', 'code exchange', 'retry'],
    ['redirect-foreign outcome_unknown', 'http-429-seconds too_many_requests'],
  ),
  ...rows(
    ['pge', 'code exchange', 'operator alarm'],
    ['invalid-client invalid_client', 'client-certificate-refused certificate_refused'],
    1,
  ),
  ...rows(
    ['pge', 'code exchange', 'operator alarm'],
    ['foreign-resource-uri', 'foreign-authorization-uri'].map((m) => `${m} foreign_address`),
    1,
  ),
  ...rows(['pge', 'code exchange', 'unharmed'], ['string-expires-in', 'expires-in-zero', 'expires-in-huge']),
  ...rows(['pge', 'code exchange', 'unharmed'], ['expires-in-missing', 'wider-scope', 'narrower-scope']),
  ...rows(['pge', 'code exchange', 'unharmed'], ['no-refresh-token']),
  ...rows(['pge', 'grant check', 'unharmed'], ['http-500', 'html', 'close', 'broken-xml']),
  ...rows(['pge', 'grant check', 'stop'], ['http-404 nothing_shared'], 1),
  ...rows(['pge', 'connection', 'retry'], ['refuse network'], 'mended'),
  ...rows(
    ['pge', 'connection', 'retry'],
    ['reset-on-connect', 'handshake-stall', 'handshake-cut'].map((m) => `${m} network`),
  ),
  ...rows(['pge', 'connection', 'retry'], ['cut-after-handshake network'], 2),
  ...rows(['pge', 'connection', 'retry'], ['not-tls server_not_trusted', 'tls-1.1-only server_not_trusted']),
  ...rows(
    ['pge', 'connection', 'retry'],
    ['expired', 'not-yet-valid', 'wrong-host', 'self-signed', 'unknown-issuer'].map(
      (m) => `certificate-${m} server_not_trusted`,
    ),
    2,
  ),
  ...rows(['pge', 'connection', 'unharmed'], ['slow-handshake', 'certificate-rotated']),
  ...rows(['pge', 'token refresh', 'retry'], ['close network', 'stale-keep-alive network', 'http-408 server_error']),
  ...rows(['pge', 'token refresh', 'retry'], ['http-500 server_error', 'html bad_token_answer'], 3),
  ...rows(['pge', 'token refresh', 'retry'], ['redirect-foreign redirected', 'no-content bad_token_answer']),
  ...rows(
    ['pge', 'token refresh', 'wait'],
    ['http-429-seconds too_many_requests', 'http-503-retry-after server_error'],
  ),
  ...rows(['pge', 'token refresh', 're-authorize'], ['invalid-grant invalid_grant'], 'mended'),
  ...rows(
    ['pge', 'token refresh', 're-authorize'],
    ['lost-answer', 'reset-in-body', 'half-open'].map((m) => `${m} invalid_grant`),
  ),
  ...rows(
    ['pge', 'token refresh', 're-authorize'],
    ['truncated', 'no-access-token', 'huge-token'].map((m) => `${m} invalid_grant`),
  ),
  ...rows(['pge', 'token refresh', 're-authorize'], ['no-refresh-token invalid_grant']),
  ...rows(
    ['pge', 'token refresh', 'operator alarm'],
    ['invalid-client invalid_client', 'http-401-expired request_refused'],
  ),
  ...rows(['pge', 'token refresh', 'operator alarm'], ['client-certificate-refused certificate_refused']),
  ...rows(['pge', 'token refresh', 'unharmed'], ['expire-now', 'rotation-off', 'string-expires-in', 'wrong-type']),
  ...rows(['pge', 'usage points', 'retry'], ['close network', 'html page_instead_of_feed', 'truncated truncated']),
  ...rows(['pge', 'usage points', 'stop'], ['broken-xml not_well_formed', 'doctype-bomb doctype']),
  ...rows(['pge', 'usage points', 'operator alarm'], ['http-404 address_not_found', 'http-403-scope not_in_grant']),
  ...rows(['pge', 'bills', 'retry'], ['http-500 server_error', 'cut network']),
  ...rows(['pge', 'bills', 'wait'], ['http-429-seconds too_many_requests', 'no-content next_refresh']),
  ...rows(['pge', 'bills', 'stop'], ['nul-byte bad_encoding']),
  ...rows(['pge', 'customer', 'retry'], ['http-504 server_error', 'gzip-broken broken_gzip']),
  ...rows(['pge', 'customer', 'stop'], ['undefined-entity undeclared_entity']),
  ...ended(),
]

/** What the utility says of a grant that its customer has ended. */
function ended(): Scenario[] {
  return [
    ...rows(['pge', 'authorization status', 'stop'], ['http-404 gone']),
    ...rows(['pge', 'authorization status', 'stop'], ['http-500', 'close', 'html', 'broken-xml'].map(over)),
    ...rows(['pge', 'authorization status', 'stop'], ['http-429-seconds', 'cut', 'http-401-revoked'].map(over)),
    ...rows(['pge', 'authorization status', 'stop'], ['no-content', 'json-error'].map(over)),
  ]
}

/** SCE: files that notifications name, opened with our own token. */
export const sce: Scenario[] = [
  ...rows(['sce', 'notification', 'wait'], ['lost', 'late', 'held', 'forged-host', 'unknown-id', 'names'].map(awaited)),
  ...rows(
    ['sce', 'notification', 'wait'],
    ['empty-list', 'truncated', 'empty-body', 'not-xml', 'doctype', 'huge-body'].map(awaited),
  ),
  ...rows(['sce', 'notification', 'wait'], ['lost'].map(awaited), 3),
  ...rows(
    ['sce', 'notification', 'unharmed'],
    ['doubled', 'five-times', 'many-addresses', 'whitespace', 'atom-wrapped'],
  ),
  ...rows(['sce', 'notification', 'unharmed'], ['get-ping', 'wrong-type', 'slow-body']),
  ...rows(['sce', 'bulk request', 'retry'], ['http-500 server_error', 'close network', 'html page_instead_of_feed'], 2),
  ...rows(
    ['sce', 'bulk request', 'operator alarm'],
    ['http-404 address_not_found', 'http-401-revoked client_token_refused'],
  ),
  ...rows(['sce', 'file', 'retry'], ['cut network', 'half-open network', 'truncated truncated', 'json-error not_xml']),
  ...rows(['sce', 'file', 'retry'], ['http-500 server_error', 'gzip-cut broken_gzip'], 3),
  ...rows(['sce', 'file', 'wait'], ['http-429-seconds too_many_requests', 'http-404 awaiting_notification']),
  ...rows(['sce', 'file', 'stop'], ['broken-xml not_well_formed', 'doctype-bomb doctype', 'nul-byte bad_encoding']),
  ...rows(['sce', 'file', 'operator alarm'], ['http-403-scope client_token_refused', 'http-413 request_refused']),
  ...rows(
    ['sce', 'file', 'unharmed'],
    ['http-401-expired', 'byte-order-mark', 'doubled-readings', 'readings-backward'],
  ),
  ...rows(
    ['sce', 'client token', 'retry'],
    ['http-500 server_error', 'html bad_token_answer', 'no-access-token bad_token_answer'],
  ),
  ...rows(['sce', 'client token', 'wait'], ['http-503-retry-after server_error']),
  ...rows(['sce', 'client token', 'operator alarm'], ['invalid-client invalid_client']),
  ...rows(['sce', 'connection', 'retry'], ['certificate-unknown-issuer server_not_trusted'], 3),
]

/** DEMO: plain HTTP, one request a window for all meters, and PKCE. */
export const demo: Scenario[] = [
  ...rows(['demo', 'code exchange', 'retry'], ['invalid-grant invalid_grant', 'http-500 outcome_unknown']),
  ...rows(['demo', 'code exchange', 'operator alarm'], ['invalid-client invalid_client'], 1),
  ...rows(['demo', 'usage', 'retry'], ['reset-in-header network', 'redirect-same redirected', 'truncated truncated']),
  ...rows(['demo', 'usage', 'retry'], ['http-502 server_error', 'html page_instead_of_feed'], 'mended'),
  ...rows(['demo', 'usage', 'wait'], ['http-503-retry-after server_error', 'missing-day next_refresh']),
  ...rows(['demo', 'usage', 'stop'], ['broken-xml not_well_formed', 'external-entity doctype']),
  ...rows(['demo', 'usage', 'operator alarm'], ['http-400 request_refused']),
  ...rows(['demo', 'usage', 'operator alarm'], [`foreign-entry ${FOREIGN}`], 1),
  ...rows(['demo', 'usage', 'unharmed'], ['utf-16', 're-encoded-ids']),
  ...rows(['demo', 'token refresh', 're-authorize'], ['invalid-grant invalid_grant'], 'mended'),
  ...rows(['demo', 'token refresh', 're-authorize'], ['lost-answer invalid_grant']),
  ...rows(['demo', 'token refresh', 'retry'], ['http-504 server_error']),
  ...rows(['demo', 'customer', 'stop'], ['http-500 server_error', 'truncated truncated'], 'ever'),
]

function awaited(mode: string): string {
  return `${mode} awaiting_notification`
}

function over(mode: string): string {
  return `${mode} ended_at_utility`
}
