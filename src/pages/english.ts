import type { DeadEnd } from '../authorization/customer-path.ts'
import type { AuthorizationState, DataClass } from '../model/authorization-states.ts'
import { html, type Value } from './markup.ts'

/**
 * All text that a customer reads in English. Values that may come from outside are `Value`: the page passes them as markup
 * already isolated, and they are escaped.
 */
export const english = {
  languageName: 'English',
  switchLanguage: 'Language',
  skip: 'Skip to the content',
  steps: {
    label: 'Steps',
    you: 'You',
    utility: 'Your utility',
    confirm: 'Confirm',
    done: 'done',
  },
  footer: {
    run: (operator: Value) => html`This page is run by ${operator}, which passes energy data on with your consent.`,
    contact: 'Questions or complaints',
    terms: 'Terms',
    privacy: 'Privacy',
    availability: 'What utilities share',
  },
  dataClasses: {
    intervals: {
      name: 'Energy use over time',
      about:
        'How much you used, and sent back if you have solar: by the hour or quarter of an hour, or by the day for gas.',
    },
    bills: {
      name: 'Bills',
      about: 'Billing periods, amounts and the charges on each bill, as figures.',
    },
    meters: {
      name: 'Meters and service',
      about: 'Service address, meter numbers, rate plan and supplier.',
    },
    accounting: {
      name: 'Billing account',
      about:
        'Account number, the name and address on it, and its charges, balance and payments where your utility gives them.',
    },
  } satisfies Record<DataClass, { name: string; about: string }>,
  form: {
    title: (company: string) => `Share your energy data with ${company}`,
    heading: (company: Value) => html`Share your energy data with ${company}?`,
    asks: (user: Value, company: Value) => html`${user} from ${company} is asking for your energy data.`,
    asksAnyone: (company: Value) => html`${company} is asking for your energy data.`,
    intro: (operator: Value, utility: Value | null) =>
      html`${operator} gets it from ${utility ?? 'your utility'} on your behalf and passes it on. You decide whether,
      and until when.`,
    renews: 'You share this data already. Going through these steps again renews that sharing.',
    summary: 'What you share',
    from: 'From',
    data: 'Data',
    reach: 'How far back',
    reachText: (months: string, date: string) => `Up to ${months} months, back to ${date}`,
    until: 'Until',
    untilText: (date: string) => `${date}, or another day that you choose`,
    often: 'How often',
    oftenText: 'About once a day, until sharing ends',
    receives: 'Who receives it',
    receivesText: (company: Value, operator: Value) =>
      html`Only ${company}, by way of ${operator}, where the data is stored.`,
    purpose: 'What for',
    notIncluded: 'Not included',
    notIncludedText:
      'PDF copies of your bills: no utility hands them out this way. Nor your password: you type it only on your utility’s own site.',
    stop: 'If you change your mind',
    stopText: (utility: Value | null) =>
      html`You can stop at any time with the private link that we mail you, or at ${utility ?? 'your utility'}. It costs
      nothing and nobody needs a reason.`,
    after: 'When sharing ends',
    afterText: (company: Value) =>
      html`No more data is fetched. If you stop it yourself, what we hold is deleted at once. Copies that ${company} has
      taken already are theirs to delete: ask them.`,
    you: 'About you',
    name: 'Name',
    nameHint: 'The name of the person agreeing',
    email: 'Email',
    emailHint: 'We send your receipt and the private link there',
    utility: 'Your utility',
    end: 'Share until',
    endHint: (usual: string, most: string) => `Suggested: ${usual}. At the latest: ${most}.`,
    next: (utility: Value | null) =>
      html`Next you sign in on ${utility ?? 'your utility'}’s own site. Afterwards you come back here, see what will be
      shared, and confirm. Until then nothing is shared.`,
    agree: (company: Value, operator: Value) =>
      html`By continuing you allow ${operator} to get this data from your utility, and to pass it on to ${company} once
      you have confirmed the final step.`,
    policies: (links: Value, version: string) => html`${links}. Text of version ${version}.`,
    companyTerms: (company: Value) => html`Terms of ${company}`,
    companyPrivacy: (company: Value) => html`Privacy policy of ${company}`,
    operatorTerms: (operator: Value) => html`Terms of ${operator}`,
    operatorPrivacy: (operator: Value) => html`Privacy policy of ${operator}`,
    continue: 'Continue to Final Step',
    decline: 'Decline',
    declineNote: (company: Value) => html`Declining shares nothing. ${company} is told only that you declined.`,
    errors: (count: number) => (count === 1 ? 'One field needs your attention' : `${count} fields need your attention`),
    errorTitle: 'Error: ',
    contact: (company: Value, email: Value) => html`Questions about this request? Write to ${company}: ${email}`,
  },
  fieldErrors: {
    name_missing: 'Enter your name.',
    name_too_long: 'Shorten your name to 200 letters or fewer.',
    name: 'Enter your name as letters, without line breaks or symbols such as < and >.',
    email_missing: 'Enter your email address.',
    email: 'Enter an email address in full, such as name@example.com.',
    end_past: 'Choose a day in the future.',
    end_too_late: 'Choose an earlier day: this is later than allowed.',
    end_later: 'Choose a day no later than the present one.',
    endDate: 'Enter a day in the form year-month-day, within the range given.',
    utility_missing: 'Choose your utility.',
    utilitySlug: 'Choose one of the utilities listed.',
    share: 'Choose which of your shares you pass on.',
    other: 'Check this field.',
  },
  final: {
    title: 'Check and confirm',
    heading: 'One last look, then confirm',
    intro: (utility: Value, company: Value) =>
      html`${utility} has agreed to share the data below. ${company} gets nothing until you confirm.`,
    shared: 'What will be shared',
    points: 'Services found',
    pointsText: (count: number, shown: string) =>
      count === 1 ? '1 electricity or gas service' : `${shown} electricity or gas services`,
    withheld: 'Not shared',
    withheldText: 'Asked for, but you left it out at your utility. That is fine.',
    with: 'With',
    untilText: (date: string) => date,
    utilityEnds: (utility: Value, date: string) => html`${utility} itself ends it sooner, on ${date}.`,
    exact: 'Word by word',
    confirm: 'Your confirmation',
    as: 'Confirmed by',
    agree: (company: Value) =>
      html`By continuing you confirm that ${company} may receive this data until that day, or until you stop it.`,
    declineNote: 'If you decline, we tell your utility that we will not use this permission, and keep no data.',
  },
  receipt: {
    title: 'Your receipt',
    active: (company: Value) => html`You are sharing energy data with ${company}`,
    ended: (company: Value) => html`You no longer share energy data with ${company}`,
    keep: 'Keep the address of this page to yourself: whoever has it can see and end this sharing. It is also in the mail that we sent you.',
    state: 'Status',
    agreed: 'You agreed on',
    endedOn: 'Ended on',
    by: 'By',
    meters: 'What has come in so far',
    metersNone: 'Nothing yet. The first data usually arrives within minutes; a full history can take a day.',
    meter: 'Service',
    address: 'Address',
    readings: 'Readings',
    bills: 'Bills',
    unknown: 'not known',
    change: 'End it sooner',
    changeText: 'You can move the end forward. To share for longer, the company has to ask you again.',
    changeButton: 'Change the end',
    notices: { shortened: 'The end has been changed.', stopped: 'Stopped. Nothing more is passed on there.' },
    stop: 'Stop sharing now',
    stopText: 'Takes effect at once. You see what it means before anything happens.',
    stopButton: 'Stop sharing…',
    atUtility: (utility: Value, link: Value) => html`You can also see and end this permission at ${utility}: ${link}`,
    text: 'The text that you agreed to',
    hash: 'Fingerprint of this text (SHA-256)',
    print: 'To keep a copy, print this page or save it as a PDF with your browser.',
    told: (utility: Value) => html`${utility} has been told.`,
    notTold: (utility: Value) =>
      html`${utility} has not confirmed it yet. We keep telling them for seven days; nothing is fetched meanwhile.`,
    deleted: 'The data we held has been deleted.',
    kept: (company: Value) =>
      html`The agreed day has come and nothing more is fetched. What was shared until then is still held for ${company}.`,
    deleteButton: 'Have it deleted…',
    askCompany: (company: Value, email: Value) => html`For copies that ${company} already has, write to ${email}.`,
  },
  states: {
    active: 'Sharing',
    pending: 'Waiting for confirmation',
    needs_reauthorization: 'Interrupted: your utility no longer accepts our permission. The company may ask you again.',
    expired: 'Ended on the agreed day',
    revoked: 'Stopped',
    declined: 'Declined',
    abandoned: 'Never confirmed',
  } satisfies Record<AuthorizationState, string>,
  revoke: {
    title: 'Stop sharing',
    heading: (company: Value) => html`Stop sharing with ${company}?`,
    what: 'When you stop:',
    utility: (utility: Value) => html`we tell ${utility} that the permission is over,`,
    tokens: 'our access to your account there ends at once,',
    data: (company: Value) => html`the data that we hold for ${company} is deleted.`,
    copies: (company: Value, email: Value) =>
      html`${company} may have copies of its own. To have those deleted, write to ${email}.`,
    final: 'This cannot be undone. To share again, you would go through the steps anew.',
    button: 'Stop sharing now',
    keep: 'Keep sharing',
  },
  resume: {
    title: 'Finish sharing',
    heading: 'Pick up where you left off',
    text: 'Your utility has agreed, but you have not confirmed the final step. So far nothing has been shared.',
    device: 'Continue only on a device of yours: the final step opens in this browser.',
    button: 'Open the final step',
  },
  client: {
    title: 'Pass your energy data on',
    heading: (client: Value) => html`Let ${client} have your energy data?`,
    asks: (client: Value, company: Value) =>
      html`${client} asks for energy data that you already share with ${company}. You decide whether, and what.`,
    asked: 'What it asks for',
    who: 'Is it you?',
    whoText: (company: Value) =>
      html`Enter the email address under which you share data with ${company}. We send a link there, which you open in
      this browser. Nothing is passed on before you have seen and confirmed it.`,
    emailHint: 'The address of your receipt',
    send: 'Send me the link',
    decline: 'No, go back',
    sentTitle: 'Check your mail',
    sent: (company: Value) =>
      html`If anybody shares data with ${company} under this address, a link is on its way to it. It is good for an
      hour, and only in this browser.`,
    sentNothing: (company: Value) =>
      html`Nothing came? Look for another address that you may have used. If you do not share data with ${company} yet,
      ask them for a link to begin.`,
    choose: 'Which one?',
    share: (utility: Value, ends: string) => html`${utility}, until ${ends}`,
    receives: 'Who receives it',
    holds: 'Who holds it',
    reachText: (date: string) => `Back to ${date}`,
    exact: 'Word by word',
    confirm: 'Your confirmation',
    agree: (client: Value) =>
      html`By allowing this you let ${client} read this data until that day, or until you stop it.`,
    allow: 'Allow',
    refusedTitle: 'This request cannot go on',
    refused: {
      unknown_client: 'Whoever sent you here is not registered with us.',
      bad_redirect: 'Whoever sent you here did not say properly where you should return to.',
      bad_request: 'The address that you came by is damaged.',
    },
    refusedNext: 'Nothing has been shared. Go back to the site that you came from and tell them.',
    nothing: 'None of what you share covers what is asked for. Nothing has been passed on.',
    goBack: 'Go back',
    stopTitle: 'What you pass on',
    running: (client: Value) => html`${client} may read your energy data`,
    over: (client: Value) => html`${client} may not read your energy data any more`,
    stopText: (client: Value) =>
      html`Stopping takes effect at once. What ${client} has read already is theirs to delete: ask them.`,
    overText: (client: Value) => html`What ${client} has read before is theirs to delete: ask them.`,
    stop: 'Stop it now',
    alsoTitle: 'Who else gets this data',
    alsoReceives: (company: Value, operator: Value) =>
      html`${company}, by way of ${operator}, where the data is stored, and whom you let in below.`,
    alsoText:
      'You have let these companies read it from us, too. Stopping one takes effect at once and leaves the rest as it is.',
    stopOne: (client: Value) => html`Stop passing on to ${client}`,
  },
  leave: {
    title: 'One moment',
    heading: (host: string) => `Taking you to ${host}`,
    text: 'If nothing happens, use this button:',
    button: 'Continue',
  },
  companies: {
    title: 'Who asks for your data?',
    heading: 'Which company do you want to share with?',
    text: (operator: Value, utility: Value) =>
      html`You come from ${utility}. ${operator} passes data on to these companies. Choose the one that asked you; you
      see everything before anything is shared.`,
    yourUtility: 'your utility',
    none: 'No company asks for data of this utility here at the moment. If one sent you a link, use that link.',
  },
  deadEnds: {
    unknown_link: {
      title: 'This link leads nowhere',
      text: 'It may be incomplete, or no longer valid. Nothing has been shared.',
      next: 'Open the link again from the message you got, in full, or ask the company for a new one.',
    },
    form_disabled: {
      title: 'This request is closed',
      text: 'The company no longer collects data with this form. Nothing has been shared.',
      next: 'If you still want to share, ask the company for a new link.',
    },
    form_expired: {
      title: 'This request is too old',
      text: 'The link has expired. Nothing has been shared.',
      next: 'Ask the company for a new link.',
    },
    declined_at_form: {
      title: 'You declined',
      text: 'Nothing has been shared, and nothing will be. The company is told only that you declined.',
      next: 'You can close this page. If that was a slip, you can start again.',
    },
    declined_at_utility: {
      title: 'Your utility did not get your permission',
      text: 'You declined there, or left before the end. Nothing has been shared.',
      next: 'You can close this page, or start again if that was a slip.',
    },
    utility_down: {
      title: 'Your utility cannot be reached just now',
      text: 'Its site does not answer. That is not your fault, and nothing has been shared.',
      next: 'Try again in a few minutes. Your link stays valid.',
    },
    utility_error: {
      title: 'Your utility answered with an error',
      text: 'It could not finish your request. Nothing has been shared.',
      next: 'Start again. If it happens twice, write to us; we can see what went wrong.',
    },
    code_refused: {
      title: 'Your utility did not complete the permission',
      text: 'It took back the confirmation it had just given us, often because a page stayed open too long. Nothing has been shared.',
      next: 'Start again; it usually works the second time.',
    },
    already_used: {
      title: 'This step is done already',
      text: 'You have been here before: the page was opened twice, or you used the Back button.',
      next: 'If you finished, the receipt is in your mail. If not, start again.',
    },
    other_browser: {
      title: 'You started in another browser',
      text: 'To protect you, these steps must end in the browser in which they began. Nothing has been shared.',
      next: 'Go back to that browser, or start again in this one. Private windows and blocked cookies have the same effect.',
    },
    flow_expired: {
      title: 'That took too long',
      text: 'For your safety these steps end after an hour. Nothing has been shared.',
      next: 'Start again; it takes a few minutes.',
    },
    grant_abandoned: {
      title: 'This request was closed',
      text: 'It was never confirmed, so we told your utility that we will not use its permission. Nothing has been shared.',
      next: 'If you still want to share, start again.',
    },
    nothing_shared: {
      title: 'Nothing was chosen to share',
      text: 'Your utility gave us a permission without any of the data asked for: no account or no kind of data was ticked there.',
      next: 'Start again and choose the accounts and the data on your utility’s page.',
    },
    bad_redirect_uri: {
      title: 'This link was not put together right',
      text: 'It names a site to return to that the company has not registered. To protect you we stopped. Nothing has been shared.',
      next: 'Tell the company; only they can put it right.',
    },
    text_changed: {
      title: 'The text has changed meanwhile',
      text: 'While the page was open, the company or we changed what it says. You should agree only to what you have read. Nothing has been shared.',
      next: 'Please read it once more and continue from there.',
    },
    operator_problem: {
      title: 'Something is wrong on our side',
      text: 'Your utility does not accept our access at the moment. You did nothing wrong, and nothing has been shared.',
      next: 'We have been told. Please try again later today.',
    },
  } satisfies Record<DeadEnd, { title: string; text: string; next: string }>,
  startAgain: 'Start again',
  readAgain: 'Read it again',
  help: (email: Value) => html`Need a hand? Write to ${email}.`,
  problems: {
    notFound: {
      title: 'There is no such page',
      text: 'The address may be incomplete. If you followed a link from a message, open it again in full.',
    },
    fault: {
      title: 'Something went wrong on our side',
      text: 'The fault is ours and has been recorded. Please try again in a few minutes.',
    },
    away: {
      title: 'One moment, please',
      text: 'Our system is just restarting. Please open the page again in a few seconds. Nothing that was confirmed to you is lost.',
    },
    badRequest: {
      title: 'We could not read that',
      text: 'Your browser sent something that this page does not understand. Please go back and try again.',
    },
    forged: {
      title: 'Please open the page again',
      text: 'To protect you, we accept a form only from the page that we showed you in this browser. Cookies must be allowed for this site. Nothing has been changed.',
    },
    reference: (id: string) => `Reference for support: ${id}`,
    back: 'Open the page again',
  },
  availability: {
    title: 'What utilities share',
    intro:
      'What each utility delivers through its interface for companies. What it does not deliver cannot be had this way, from us or from anyone.',
    pdf: 'No utility’s interface delivers PDF copies of bills. Services that offer them sign in with your password.',
    utility: 'Utility',
    billPdfs: 'Bill PDFs',
    history: 'History',
    historyText: (months: string) => `${months} months`,
    lag: 'Delay',
    lagText: (days: number) => (days === 1 ? 'about 1 day' : `about ${days} days`),
    yes: 'yes',
    no: 'no',
    none: 'No utility is set up here yet.',
  },
  home: {
    title: 'Green Button proxy',
    heading: 'Share energy data, with the customer’s consent',
    intro: (operator: Value) =>
      html`This server of ${operator} lets customers of utilities pass their energy data on to companies: they sign in
      at their utility, see what is shared, and can stop it at any time.`,
    customers:
      'You got a link from a company? Open that link: it leads to the page of the request. You want to see or stop a sharing? The private link is in the mail with your receipt.',
    try: 'Try it',
    tryText: (company: Value) =>
      html`The demo company ${company} asks for data of simulated utilities and invented customers. Open a form, sign in
      as one of the customers, and confirm.`,
    open: (utility: Value) => html`Open the form for ${utility}`,
    customer: 'Customer',
    login: 'Login',
    password: 'Password',
    api: 'Read the data',
    apiText: 'The demo company’s own token, good for this server only:',
    files: 'Where things are',
    dataDir: 'Data',
    mailDir: 'Mail that would have been sent',
    arrived: 'What has come in so far',
    refreshes: 'This page renews itself every few seconds while data is on its way.',
    authorizations: 'Authorizations',
    meters: 'Meters',
    readings: 'Readings',
    bills: 'Bills',
    billingSummaries: 'Billing summaries',
    nothing: 'Nothing yet.',
    recent: 'Latest authorizations',
    when: 'When',
    utility: 'Utility',
    state: 'Status',
  },
  legal: {
    terms: {
      title: 'Terms',
      sections: (operator: string, email: string): [string, string][] => [
        [
          'What we do',
          `${operator} asks your utility for energy data on your behalf, stores it, and passes it on to the company that you chose. You pay nothing.`,
        ],
        [
          'What you decide',
          'Which company, which data, until when. Nothing is shared before you confirm the final step. You can stop at any time, without giving a reason, with the private link on your receipt or at your utility.',
        ],
        [
          'What you should be',
          'The holder of the utility account, or someone entitled to decide for them, and of age.',
        ],
        [
          'What we do not promise',
          'Data comes from your utility as it is: it can be late, be corrected afterwards or have gaps. We pass corrections on.',
        ],
        [
          'The company',
          'The company that asks you is responsible for what it does with the data it receives. It has promised us to use it only for the purpose shown to you.',
        ],
        [
          'Changes',
          'We never change what you agreed to. New text is for new requests only; your receipt keeps the text you saw.',
        ],
        ['Contact', `Questions and complaints: ${email}.`],
      ],
    },
    privacy: {
      title: 'Privacy',
      sections: (operator: string, email: string): [string, string][] => [
        [
          'What we keep',
          'Your name and email address as you typed them; the text you agreed to, and when; the data that your utility sends under your permission. Never your password at the utility: we do not see it.',
        ],
        [
          'What for',
          `${operator} uses it to pass your data on to the company you chose, and to prove that you agreed. Not for advertising, and it is not sold.`,
        ],
        ['Who receives it', 'The company that you chose. Otherwise only whom the law obliges us to tell.'],
        [
          'How long',
          'Energy data until you stop sharing: then it is deleted at once. When the agreed day comes, nothing more is fetched, and what was shared until then stays with the company until you stop it or they delete it. The proof that you agreed is kept for at least three years after the end.',
        ],
        [
          'How it is protected',
          'Our access to your utility account is stored encrypted, and used only for the data you agreed to. These pages set only the cookies that the steps need, and load nothing from other sites.',
        ],
        [
          'Your rights',
          'See, correct, take along and delete what we hold about you, and complain about us. The private link on your receipt shows and ends a sharing; for everything else write to us. We confirm within 10 business days and answer within 45 days.',
        ],
        ['Contact', `Privacy questions: ${email}.`],
      ],
    },
    more: 'These are the operator’s texts. The company that asks you has its own; they are linked on its form.',
  },
}

/** The texts that each language has. */
export type Messages = typeof english
