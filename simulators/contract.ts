/** What the rest of the repository may know of the simulators; see README.md for pages, forms and the admin API. */

export type ThirdParty = { redirectUri: string; notificationUri: string; portalUri?: string }

export type SimulatorOptions = {
  /** Where authorizations, tokens and certificates persist as JSON and PEM, written atomically; none: memory only. */
  stateDir?: string
  seed?: number
  /** ISO date-time at which the clock stands still; default: real time. */
  clock?: string
  /** Size of the fleet customer000001 and on. */
  customers?: number
  /** Closed and billed periods of history at the first start; default 13. */
  historyMonths?: number
  /** 0 or absent: a free port. */
  ports?: { pgePages?: number; pgeApi?: number; sce?: number; sceApi?: number; demo?: number }
  thirdParties?: { pge?: ThirdParty; sce?: ThirdParty; demo?: ThirdParty }
}

export type UtilityInfo = {
  utility: 'PG&E' | 'SCE' | 'DEMO'
  /** Origin of the browser pages, plain http on loopback. */
  pages: string
  /** Origin of token and resource API. */
  api: string
  /** PEM of the certificate authority behind `api`; null when `api` is plain http. */
  ca: string | null
  admin: string
  registration: {
    clientId: string
    clientSecret: string
    bulkId: string
    registrationAccessToken: string
    applicationInformationId: string
    certificate: string | null
    key: string | null
  }
  customers: { login: string; password: string; name: string; email: string; about: string }[]
}

export type Simulators = {
  pge: UtilityInfo
  sce: UtilityInfo
  demo: UtilityInfo
  setThirdParty(utility: 'pge' | 'sce' | 'demo', tp: ThirdParty): void
  setClock(iso: string | null): void
  close(): Promise<void>
}
