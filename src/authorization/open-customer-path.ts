import { callbackStep } from './callback.ts'
import { confirmStep } from './confirm.ts'
import type { CustomerPath } from './customer-path.ts'
import { declineStep } from './decline.ts'
import { grantStep } from './final-step.ts'
import { formStep } from './form.ts'
import type { PathDeps } from './path-deps.ts'
import { portalStep } from './portal.ts'
import { receiptStep, revokeStep, shortenStep, stopPassingOnStep } from './receipt.ts'
import { startStep } from './start.ts'
import { resumeStep, withdrawStep } from './withdraw.ts'

/** The customer's path, one file a step. */
export function openCustomerPath(deps: PathDeps): CustomerPath {
  return {
    form: formStep(deps),
    start: startStep(deps),
    decline: declineStep(deps),
    callback: callbackStep(deps),
    grant: grantStep(deps),
    confirm: confirmStep(deps),
    withdraw: withdrawStep(deps),
    resume: resumeStep(deps),
    portal: portalStep(deps),
    receipt: receiptStep(deps),
    revoke: revokeStep(deps),
    stopPassingOn: stopPassingOnStep(deps),
    shorten: shortenStep(deps),
  }
}
