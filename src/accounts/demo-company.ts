import type { Uid } from '../model/uid.ts'
import { findCompanyByAlias, insertCompany } from '../storage/companies.ts'
import type { Db, Tx } from '../storage/db.ts'
import { findMemberByEmail, insertMember } from '../storage/members.ts'
import { findTemplateByAlias, insertTemplate } from '../storage/templates.ts'
import { DEMO_LOGO } from './demo-logo.ts'

export type DemoCompany = { companyUid: Uid; memberUid: Uid; templateUid: Uid; alias: string }

const ALIAS = 'sunrise-solar'
const NAME = 'Sunrise Solar (demo)'
const EMAIL = 'hello@sunrise-solar.example'
const MEMBER = 'demo@sunrise-solar.example'
const PURPOSE = {
  en: 'To design a solar system that fits how you use energy, and to check each year that it saves what was promised.',
  es: 'Para diseñar un sistema solar que se ajuste a su consumo de energía y comprobar cada año que ahorra lo prometido.',
}

/** The company of a first start, with one member and one template. Safe to repeat: the same rows each time. */
export async function ensureDemoCompany({ db, now }: { db: Db; now: () => Date }): Promise<DemoCompany> {
  return await db.operator(async (tx) => {
    const created = now()
    const companyUid = await ensureCompany(tx, created)
    const memberUid = await ensureMember(tx, companyUid, created)
    const templateUid = await ensureTemplate(tx, { companyUid, memberUid, created })
    return { companyUid, memberUid, templateUid, alias: ALIAS }
  })
}

async function ensureCompany(tx: Tx, created: Date): Promise<Uid> {
  const row =
    (await insertCompany(tx, { alias: ALIAS, name: NAME, legalName: NAME, email: EMAIL, created })) ??
    (await findCompanyByAlias(tx, ALIAS))
  return uidOf(row?.companyUid)
}

async function ensureMember(tx: Tx, companyUid: Uid, created: Date): Promise<Uid> {
  const row =
    (await insertMember(tx, { companyUid, email: MEMBER, name: 'Demo Member', role: 'owner', created })) ??
    (await findMemberByEmail(tx, companyUid, MEMBER))
  return uidOf(row?.memberUid)
}

async function ensureTemplate(
  tx: Tx,
  { companyUid, memberUid, created }: { companyUid: Uid; memberUid: Uid; created: Date },
): Promise<Uid> {
  const row =
    (await insertTemplate(tx, {
      companyUid,
      memberUid,
      alias: ALIAS,
      companyName: NAME,
      companyEmail: EMAIL,
      logo: DEMO_LOGO,
      logoType: 'image/png',
      purpose: PURPOSE,
      dataClasses: ['meters', 'bills', 'intervals', 'accounting'],
      historyMonths: 24,
      defaultMonths: 12,
      maxMonths: 36,
      autoCollect: true,
      monitoring: 'daily',
      redirectUris: [],
      termsUrl: null,
      privacyUrl: null,
      disabled: false,
      created,
      updated: created,
    })) ?? (await findTemplateByAlias(tx, ALIAS))
  return uidOf(row?.templateUid)
}

function uidOf(uid: Uid | undefined): Uid {
  if (uid === undefined) throw new Error('the demo company could not be made')
  return uid
}
