/** One thing that `gbp utility check` looked at. `missing`: it will not work so. says: a sentence with what to do. */
export type Finding = { check: string; state: 'ok' | 'warning' | 'missing'; says: string }

export const ok = (check: string, says: string): Finding => ({ check, state: 'ok', says })
export const warning = (check: string, says: string): Finding => ({ check, state: 'warning', says })
export const missing = (check: string, says: string): Finding => ({ check, state: 'missing', says })
