import type { FormView, GrantView, ReceiptView } from '../authorization/customer-path.ts'
import type { HomeView } from './home-page.ts'

/** Views for tests, with one text in the place of every text that can come from outside. */
export type SampleTexts = {
  company: string
  utility: string
  customer: string
  email: string
  purpose: string
  address: string
}

export const plainTexts: SampleTexts = {
  company: 'Bright Roof Solar Inc.',
  utility: 'North Power and Light',
  customer: 'María López',
  email: 'maria.lopez@example.com',
  purpose: 'To size a solar and battery system for your home.',
  address: '123 Main St, Apt 4, Oakland, CA 94607',
}

export function sampleForm(texts: SampleTexts, change: Partial<FormView> = {}): FormView {
  const utilities = [
    { id: 'NORTH', slug: 'north', name: texts.utility },
    { id: 'SOUTH', slug: 'south', name: 'South Power' },
  ]
  return {
    companyName: texts.company,
    companyEmail: 'privacy@brightroof.example',
    userEmail: texts.email,
    logo: null,
    purpose: texts.purpose,
    dataClasses: ['meters', 'bills', 'intervals', 'accounting'],
    historyMonths: 24,
    historyStart: '2024-10-01',
    defaultEnd: '2027-10-03',
    maxEnd: '2029-10-03',
    termsUrl: 'https://brightroof.example/terms',
    privacyUrl: 'https://brightroof.example/privacy',
    prefill: { name: texts.customer, email: texts.email },
    utility: { id: 'NORTH', slug: 'north', name: texts.utility },
    utilities,
    renews: false,
    consentVersion: '2026-11.1.0123456789abcdef',
    operatorName: 'Golden State Data Cooperative',
    operatorEmail: 'help@gsdc.example',
    ...change,
  }
}

export function sampleGrant(texts: SampleTexts, change: Partial<GrantView> = {}): GrantView {
  return {
    form: sampleForm(texts),
    customerName: texts.customer,
    customerEmail: texts.email,
    utilityName: texts.utility,
    dataClasses: ['meters', 'intervals'],
    withheld: ['bills', 'accounting'],
    usagePoints: 2,
    historyStart: '2024-10-01',
    ends: '2027-10-03',
    utilityEnds: '2027-03-31',
    consentText: `${texts.customer} allows the sharing.\nUntil: 2027-03-31.`,
    ...change,
  }
}

export function sampleReceipt(texts: SampleTexts, change: Partial<ReceiptView> = {}): ReceiptView {
  return {
    companyName: texts.company,
    companyEmail: 'privacy@brightroof.example',
    utilityName: texts.utility,
    customerName: texts.customer,
    customerEmail: texts.email,
    state: 'active',
    dataClasses: ['meters', 'intervals'],
    purpose: texts.purpose,
    historyStart: '2024-10-01',
    ends: '2027-10-03',
    agreed: '2026-10-03T17:05:00Z',
    maxEnd: '2029-10-03',
    revoked: null,
    consentText: `${texts.customer} allows it.\nWhat for: ${texts.purpose}`,
    consentHash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    customerPortal: 'https://utility.example/shared',
    meters: [
      { serviceIdentifier: '4012345678', address: texts.address, readings: 70_080, bills: 24 },
      { serviceIdentifier: null, address: null, readings: 0, bills: 0 },
    ],
    utilityTold: false,
    passedOn: [
      { consentNo: 2, clientName: texts.company, dataClasses: ['intervals'], ends: '2027-06-30', ended: null },
      { consentNo: 1, clientName: texts.company, dataClasses: ['bills'], ends: '2027-06-30', ended: '2026-10-05' },
    ],
    ...change,
  }
}

export function sampleHome(texts: SampleTexts): HomeView {
  return {
    demo: {
      company: texts.company,
      forms: [{ utility: texts.utility, url: '/north/gb-oauth/demo' }],
      customers: [{ utility: texts.utility, login: 'solar', password: 'demo', about: 'House with solar and gas' }],
      apiUrl: 'http://127.0.0.1:8400/api/v2',
      token: 'gbp_example',
      dataDir: '/srv/green-button-proxy/data',
      mailDir: '/srv/green-button-proxy/data/mail',
    },
    arrived: {
      authorizations: 1,
      meters: 2,
      readings: 70_080,
      bills: 24,
      billingSummaries: 24,
      recent: [
        {
          when: '2026-10-03T17:05:00Z',
          utility: texts.utility,
          customer: texts.customer,
          state: 'active',
          meters: 2,
          readings: 70_080,
          bills: 24,
        },
      ],
    },
  }
}
