import type { TestDatabase } from '../../database.ts'

/** One window as the database has it; waitSeconds: from `now` to its next try. */
export type Window = { product: string; state: string; reason: string | null; attempts: number; waitSeconds: number }

export type Found = { uid: string; state: string; status: string; subscription: string }

/** What the scenarios look at in the database. */
export type Peek = {
  /** How the customer's last way ended: the state of the flow, and its code where it failed. */
  flowOf(email: string): Promise<{ state: string; error: string | null }>
  /** The customer's newest authorization. */
  authorizationOf(email: string): Promise<Found | null>
  windowsOf(uid: string): Promise<Window[]>
  /** What the audit says of an authorization and of nobody in particular: actions, alarms with their code. */
  auditOf(uid: string | null): Promise<string[]>
  /** Months of readings that are stored of an authorization. */
  storedBlocks(uid: string): Promise<number>
  /** How many notifications have come. */
  notified(): Promise<number>
  /** How much is open of an authorization, whether a notification is waited for, and when something is due. */
  openOf(uid: string): Promise<{ open: number; awaited: number; due: number }>
}

export function peekInto({ admin }: TestDatabase, now: () => number): Peek {
  return {
    async flowOf(email) {
      const rows = await admin(
        'select state, error from flows where customer_email = $1 order by flow_uid desc limit 1',
        [email],
      )
      return { state: text(rows[0]?.['state']) ?? '', error: text(rows[0]?.['error']) }
    },
    async authorizationOf(email) {
      const [row] = await admin(
        `select authorization_uid as uid, state, status, subscription from authorizations
          where customer_email = $1 order by authorization_uid desc limit 1`,
        [email],
      )
      if (!row) return null
      const field = (name: string): string => text(row[name]) ?? ''
      return { uid: field('uid'), state: field('state'), status: field('status'), subscription: field('subscription') }
    },
    async windowsOf(uid) {
      const rows = await admin(
        `select product, state, reason, attempts, extract(epoch from next_try)::float8 as next from windows
          where authorization_uid = $1 order by priority, ends desc`,
        [uid],
      )
      return rows.map(({ product, state, reason, attempts, next }) => ({
        ...{ product: text(product) ?? '', state: text(state) ?? '', reason: text(reason) },
        attempts: Number(attempts),
        waitSeconds: Number(next) - now() / 1000,
      }))
    },
    async auditOf(uid) {
      const rows = await admin(
        `select case when action = 'operator_alarm'
                     then action || ' ' || coalesce(details ->> 'code', details ->> 'error') else action end as said
           from audit_entries where authorization_uid is null or authorization_uid = $1`,
        [uid],
      )
      return rows.map(({ said }) => text(said) ?? '')
    },
    async storedBlocks(uid) {
      const rows = await admin('select count(*)::int as blocks from series_blocks where authorization_uid = $1', [uid])
      return Number(rows[0]?.['blocks'])
    },
    async notified() {
      const rows = await admin('select count(*)::int as count from notifications')
      return Number(rows[0]?.['count'])
    },
    async openOf(uid) {
      const rows = await admin(
        `select count(*)::int as open, count(*) filter (where w.product = 'bulk_request' and w.state = 'waiting')::int as awaited,
                extract(epoch from min(greatest(w.next_try, l.open_until, l.trial_until)))::float8 as due
           from windows w join authorizations a using (authorization_uid) left join limits l on l.registration_uid = a.registration_uid
          where authorization_uid = $1 and a.state = 'active' and w.state in ('owed', 'waiting', 'leased')`,
        [uid],
      )
      const number = (name: string): number => Number(rows[0]?.[name] ?? 0)
      return { open: number('open'), awaited: number('awaited'), due: number('due') }
    },
  }
}

const text = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? String(value) : null
