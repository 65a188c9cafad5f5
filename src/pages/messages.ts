import type { DeadEnd, Language } from '../authorization/customer-path.ts'
import type { AuthorizationState, DataClass } from '../model/authorization-states.ts'
import { html, type Value } from './markup.ts'

/**
 * All text that a customer reads, in every language; `Messages` is the shape of the English, so that a missing or
 * superfluous Spanish text does not compile. One long file on purpose: a translator reads it from top to bottom.
 * Values that may come from outside are `Value`: the page passes them as markup already isolated, and they are escaped.
 */
const en = {
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

export type Messages = typeof en

const es: Messages = {
  languageName: 'Español',
  switchLanguage: 'Idioma',
  skip: 'Ir al contenido',
  steps: {
    label: 'Pasos',
    you: 'Usted',
    utility: 'Su compañía',
    confirm: 'Confirmar',
    done: 'hecho',
  },
  footer: {
    run: (operator) => html`Esta página la opera ${operator}, que transmite datos de energía con su consentimiento.`,
    contact: 'Preguntas o quejas',
    terms: 'Condiciones',
    privacy: 'Privacidad',
    availability: 'Qué comparten las compañías de servicios',
  },
  dataClasses: {
    intervals: {
      name: 'Consumo de energía a lo largo del tiempo',
      about:
        'Cuánto consumió y, si tiene paneles solares, cuánto entregó a la red: por hora o por cuarto de hora; el gas, por día.',
    },
    bills: {
      name: 'Facturas',
      about: 'Períodos de facturación, importes y cargos de cada factura, en cifras.',
    },
    meters: {
      name: 'Medidores y servicio',
      about: 'Dirección del servicio, números de medidor, tarifa y proveedor.',
    },
    accounting: {
      name: 'Cuenta de facturación',
      about:
        'Número de cuenta, nombre y dirección que figuran en ella, y sus cargos, saldo y pagos cuando su compañía de servicios los facilita.',
    },
  },
  form: {
    title: (company) => `Comparta sus datos de energía con ${company}`,
    heading: (company) => html`¿Desea compartir sus datos de energía con ${company}?`,
    asks: (user, company) => html`${user}, de ${company}, solicita sus datos de energía.`,
    asksAnyone: (company) => html`${company} solicita sus datos de energía.`,
    intro: (operator, utility) =>
      html`${operator} los obtiene de ${utility ?? 'su compañía de servicios'} en su nombre y los transmite. Usted
      decide si se comparten y hasta cuándo.`,
    renews: 'Usted ya comparte estos datos. Si vuelve a completar estos pasos, renueva el permiso.',
    summary: 'Qué comparte',
    from: 'De',
    data: 'Datos',
    reach: 'Desde cuándo',
    reachText: (months, date) => `Hasta ${months} meses atrás, desde el ${date}`,
    until: 'Hasta',
    untilText: (date) => `El ${date}, u otro día que usted elija`,
    often: 'Con qué frecuencia',
    oftenText: 'Aproximadamente una vez al día, mientras dure el permiso',
    receives: 'Quién los recibe',
    receivesText: (company, operator) => html`Solo ${company}, por medio de ${operator}, donde se guardan los datos.`,
    purpose: 'Para qué',
    notIncluded: 'No se incluye',
    notIncludedText:
      'Copias en PDF de sus facturas: ninguna compañía de servicios las entrega por esta vía. Tampoco su contraseña: usted solo la escribe en el sitio de su compañía de servicios.',
    stop: 'Si cambia de opinión',
    stopText: (utility) =>
      html`Puede dejar de compartir en cualquier momento con el enlace privado que le enviamos por correo, o en
      ${utility ?? 'su compañía de servicios'}. No cuesta nada y no tiene que dar explicaciones.`,
    after: 'Cuando termine el permiso',
    afterText: (company) =>
      html`No se obtienen más datos. Si usted lo detiene, los que guardamos se borran enseguida. Las copias que
      ${company} ya tenga debe borrarlas esa empresa: pídaselo.`,
    you: 'Sobre usted',
    name: 'Nombre',
    nameHint: 'El nombre de la persona que da su consentimiento',
    email: 'Correo electrónico',
    emailHint: 'Ahí le enviamos el comprobante y el enlace privado',
    utility: 'Su compañía de servicios',
    end: 'Compartir hasta',
    endHint: (usual, most) => `Sugerencia: ${usual}. Como máximo: ${most}.`,
    next: (utility) =>
      html`A continuación, iniciará sesión en el sitio de ${utility ?? 'su compañía de servicios'}. Después volverá
      aquí, verá lo que se va a compartir y lo confirmará. Hasta entonces no se comparte nada.`,
    agree: (company, operator) =>
      html`Al continuar, usted permite que ${operator} obtenga estos datos de su compañía de servicios y que los
      transmita a ${company} cuando usted haya confirmado el paso final.`,
    policies: (links, version) => html`${links}. Versión del texto: ${version}.`,
    companyTerms: (company) => html`Condiciones de ${company}`,
    companyPrivacy: (company) => html`Política de privacidad de ${company}`,
    operatorTerms: (operator) => html`Condiciones de ${operator}`,
    operatorPrivacy: (operator) => html`Política de privacidad de ${operator}`,
    continue: 'Continuar al paso final',
    decline: 'Rechazar',
    declineNote: (company) =>
      html`Si rechaza, no se comparte nada. A ${company} solo se le informa de que usted rechazó la solicitud.`,
    errors: (count) => (count === 1 ? 'Hay un campo que debe revisar' : `Hay ${count} campos que debe revisar`),
    errorTitle: 'Error: ',
    contact: (company, email) => html`¿Tiene preguntas sobre esta solicitud? Escriba a ${company}: ${email}`,
  },
  fieldErrors: {
    name_missing: 'Escriba su nombre.',
    name_too_long: 'Abrevie su nombre a un máximo de 200 letras.',
    name: 'Escriba su nombre con letras, sin saltos de línea ni signos como < y >.',
    email_missing: 'Escriba su correo electrónico.',
    email: 'Escriba un correo electrónico completo, por ejemplo nombre@example.com.',
    end_past: 'Elija un día futuro.',
    end_too_late: 'Elija un día anterior: este supera el máximo permitido.',
    end_later: 'Elija un día que no sea posterior al actual.',
    endDate: 'Escriba la fecha como año-mes-día, dentro del plazo indicado.',
    utility_missing: 'Elija su compañía de servicios.',
    utilitySlug: 'Elija una de las compañías de servicios de la lista.',
    share: 'Elija cuál de ellos transmite.',
    other: 'Revise este campo.',
  },
  final: {
    title: 'Revise y confirme',
    heading: 'Un último vistazo y confirme',
    intro: (utility, company) =>
      html`${utility} aceptó compartir los datos que figuran abajo. ${company} no recibe nada hasta que usted confirme.`,
    shared: 'Qué se va a compartir',
    points: 'Servicios encontrados',
    pointsText: (count, shown) =>
      count === 1 ? '1 servicio de electricidad o gas' : `${shown} servicios de electricidad o gas`,
    withheld: 'No se comparte',
    withheldText: 'Se solicitó, pero usted no lo seleccionó en su compañía de servicios. No hay ningún problema.',
    with: 'Con',
    untilText: (date) => `El ${date}`,
    utilityEnds: (utility, date) => html`${utility} le pone fin antes, el ${date}.`,
    exact: 'Palabra por palabra',
    confirm: 'Su confirmación',
    as: 'Confirma',
    agree: (company) =>
      html`Al continuar, usted confirma que ${company} puede recibir estos datos hasta ese día, o hasta que usted lo
      detenga.`,
    declineNote:
      'Si rechaza, avisamos a su compañía de servicios de que no usaremos este permiso y no guardamos ningún dato.',
  },
  receipt: {
    title: 'Su comprobante',
    active: (company) => html`Usted comparte datos de energía con ${company}`,
    ended: (company) => html`Usted ya no comparte datos de energía con ${company}`,
    keep: 'No comparta la dirección de esta página: quien la tenga puede ver este permiso y ponerle fin. También está en el correo que le enviamos.',
    state: 'Estado',
    agreed: 'Dio su consentimiento el',
    endedOn: 'Terminó el',
    by: 'Por',
    meters: 'Qué se ha recibido hasta ahora',
    metersNone:
      'Todavía nada. Los primeros datos suelen llegar en unos minutos; el historial completo puede tardar un día.',
    meter: 'Servicio',
    address: 'Dirección',
    readings: 'Lecturas',
    bills: 'Facturas',
    unknown: 'se desconoce',
    change: 'Terminar antes',
    changeText: 'Puede adelantar la fecha de fin. Para compartir por más tiempo, la empresa debe volver a pedírselo.',
    changeButton: 'Cambiar la fecha',
    notices: {
      shortened: 'La fecha de fin se ha cambiado.',
      stopped: 'Detenido. Ya no se transmite nada a esa empresa.',
    },
    stop: 'Dejar de compartir ahora',
    stopText: 'Tiene efecto inmediato. Antes de que ocurra nada, verá lo que significa.',
    stopButton: 'Dejar de compartir…',
    atUtility: (utility, link) => html`También puede ver este permiso y ponerle fin en ${utility}: ${link}`,
    text: 'El texto que usted aceptó',
    hash: 'Huella digital de este texto (SHA-256)',
    print: 'Para guardar una copia, imprima esta página o guárdela como PDF con su navegador.',
    told: (utility) => html`Se avisó a ${utility}.`,
    notTold: (utility) =>
      html`${utility} aún no lo ha confirmado. Seguiremos avisando durante siete días; mientras tanto no se obtienen
      datos.`,
    deleted: 'Los datos que guardábamos se han borrado.',
    kept: (company) =>
      html`Llegó el día acordado y ya no se obtiene nada. Lo compartido hasta entonces todavía se guarda para
      ${company}.`,
    deleteButton: 'Pedir que se borre…',
    askCompany: (company, email) => html`En cuanto a las copias que ${company} ya tenga, escriba a ${email}.`,
  },
  states: {
    active: 'Se comparte',
    pending: 'Falta la confirmación',
    needs_reauthorization:
      'Interrumpido: su compañía de servicios ya no acepta nuestro permiso. La empresa puede volver a pedírselo.',
    expired: 'Terminó el día acordado',
    revoked: 'Detenido',
    declined: 'Rechazado',
    abandoned: 'Nunca se confirmó',
  },
  revoke: {
    title: 'Dejar de compartir',
    heading: (company) => html`¿Dejar de compartir con ${company}?`,
    what: 'Si deja de compartir:',
    utility: (utility) => html`avisamos a ${utility} de que el permiso terminó,`,
    tokens: 'nuestro acceso a su cuenta termina de inmediato,',
    data: (company) => html`se borran los datos que guardamos para ${company}.`,
    copies: (company, email) =>
      html`Es posible que ${company} tenga copias propias. Para que las borre, escriba a ${email}.`,
    final: 'Esto no se puede deshacer. Para volver a compartir, tendría que repetir los pasos.',
    button: 'Dejar de compartir ahora',
    keep: 'Seguir compartiendo',
  },
  resume: {
    title: 'Termine de compartir',
    heading: 'Continúe donde lo dejó',
    text: 'Su compañía de servicios aceptó, pero usted no ha confirmado el paso final. Hasta ahora no se ha compartido nada.',
    device: 'Continúe solo en un dispositivo suyo: el paso final se abre en este navegador.',
    button: 'Abrir el paso final',
  },
  client: {
    title: 'Transmitir sus datos de energía',
    heading: (client) => html`¿Permitir que ${client} reciba sus datos de energía?`,
    asks: (client, company) =>
      html`${client} pide datos de energía que usted ya comparte con ${company}. Usted decide si los recibe y cuáles.`,
    asked: 'Qué pide',
    who: '¿Es usted?',
    whoText: (company) =>
      html`Escriba la dirección de correo con la que comparte datos con ${company}. Le enviamos allí un enlace que debe
      abrir en este navegador. No se transmite nada antes de que usted lo vea y lo confirme.`,
    emailHint: 'La dirección de su comprobante',
    send: 'Enviarme el enlace',
    decline: 'No, volver',
    sentTitle: 'Revise su correo',
    sent: (company) =>
      html`Si alguien comparte datos con ${company} con esta dirección, hay un enlace en camino. Vale una hora, y solo
      en este navegador.`,
    sentNothing: (company) =>
      html`¿No llegó nada? Quizá usó otra dirección. Si todavía no comparte datos con ${company}, pídales un enlace para
      empezar.`,
    choose: '¿Cuál de ellos?',
    share: (utility, ends) => html`${utility}, hasta el ${ends}`,
    receives: 'Quién los recibe',
    holds: 'Quién los guarda',
    reachText: (date) => `Desde el ${date}`,
    exact: 'Palabra por palabra',
    confirm: 'Su confirmación',
    agree: (client) =>
      html`Al permitirlo, deja que ${client} lea estos datos hasta ese día, o hasta que usted lo detenga.`,
    allow: 'Permitir',
    refusedTitle: 'Esta solicitud no puede continuar',
    refused: {
      unknown_client: 'Quien le envió aquí no está registrado con nosotros.',
      bad_redirect: 'Quien le envió aquí no indicó bien adónde debe volver usted.',
      bad_request: 'La dirección por la que llegó está dañada.',
    },
    refusedNext: 'No se ha compartido nada. Vuelva al sitio del que viene y avíseles.',
    nothing: 'Nada de lo que comparte cubre lo que se pide. No se ha transmitido nada.',
    goBack: 'Volver',
    stopTitle: 'Lo que usted transmite',
    running: (client) => html`${client} puede leer sus datos de energía`,
    over: (client) => html`${client} ya no puede leer sus datos de energía`,
    stopText: (client) =>
      html`Detenerlo surte efecto de inmediato. Lo que ${client} ya haya leído debe borrarlo esa empresa: pídaselo.`,
    overText: (client) => html`Lo que ${client} leyó antes debe borrarlo esa empresa: pídaselo.`,
    stop: 'Detener ahora',
    alsoTitle: 'Quién más recibe estos datos',
    alsoReceives: (company, operator) =>
      html`${company}, por medio de ${operator}, donde se guardan los datos, y quienes figuran más abajo.`,
    alsoText:
      'Usted permitió que estas empresas también los lean aquí. Detener una surte efecto de inmediato y no cambia lo demás.',
    stopOne: (client) => html`No transmitir más a ${client}`,
  },
  leave: {
    title: 'Un momento',
    heading: (host) => `Lo llevamos a ${host}`,
    text: 'Si no ocurre nada, use este botón:',
    button: 'Continuar',
  },
  companies: {
    title: '¿Quién solicita sus datos?',
    heading: '¿Con qué empresa desea compartir?',
    text: (operator, utility) =>
      html`Usted viene de ${utility}. ${operator} transmite datos a estas empresas. Elija la que se los pidió; verá todo
      antes de que se comparta algo.`,
    yourUtility: 'su compañía de servicios',
    none: 'Por el momento, ninguna empresa solicita aquí datos de esta compañía de servicios. Si una empresa le envió un enlace, use ese enlace.',
  },
  deadEnds: {
    unknown_link: {
      title: 'Este enlace no lleva a ninguna parte',
      text: 'Puede estar incompleto o haber dejado de ser válido. No se ha compartido nada.',
      next: 'Abra de nuevo el enlace completo desde el mensaje que recibió, o pida uno nuevo a la empresa.',
    },
    form_disabled: {
      title: 'Esta solicitud está cerrada',
      text: 'La empresa ya no recibe datos con este formulario. No se ha compartido nada.',
      next: 'Si todavía desea compartir, pida un nuevo enlace a la empresa.',
    },
    form_expired: {
      title: 'Esta solicitud es demasiado antigua',
      text: 'El enlace ha caducado. No se ha compartido nada.',
      next: 'Pida un nuevo enlace a la empresa.',
    },
    declined_at_form: {
      title: 'Usted rechazó la solicitud',
      text: 'No se ha compartido nada, ni se compartirá. A la empresa solo se le informa de que usted la rechazó.',
      next: 'Puede cerrar esta página. Si fue un descuido, puede empezar de nuevo.',
    },
    declined_at_utility: {
      title: 'Su compañía de servicios no recibió su permiso',
      text: 'Usted lo rechazó allí o salió antes de terminar. No se ha compartido nada.',
      next: 'Puede cerrar esta página o, si fue un descuido, empezar de nuevo.',
    },
    utility_down: {
      title: 'No se puede acceder a su compañía de servicios en este momento',
      text: 'Su sitio no responde. No es culpa suya y no se ha compartido nada.',
      next: 'Inténtelo de nuevo dentro de unos minutos. Su enlace sigue siendo válido.',
    },
    utility_error: {
      title: 'Su compañía de servicios respondió con un error',
      text: 'No pudo completar su solicitud. No se ha compartido nada.',
      next: 'Empiece de nuevo. Si ocurre dos veces, escríbanos; podemos ver qué falló.',
    },
    code_refused: {
      title: 'Su compañía de servicios no completó el permiso',
      text: 'Retiró la confirmación que acababa de darnos, a menudo porque una página estuvo abierta demasiado tiempo. No se ha compartido nada.',
      next: 'Empiece de nuevo; por lo general funciona la segunda vez.',
    },
    already_used: {
      title: 'Este paso ya está hecho',
      text: 'Usted ya estuvo aquí: la página se abrió dos veces o se usó el botón Atrás.',
      next: 'Si terminó, el comprobante está en su correo. Si no, empiece de nuevo.',
    },
    other_browser: {
      title: 'Usted empezó en otro navegador',
      text: 'Para protegerle, estos pasos deben terminar en el navegador en el que empezaron. No se ha compartido nada.',
      next: 'Vuelva a ese navegador o empiece de nuevo en este. Las ventanas privadas y las cookies bloqueadas tienen el mismo efecto.',
    },
    flow_expired: {
      title: 'Pasó demasiado tiempo',
      text: 'Por su seguridad, estos pasos caducan al cabo de una hora. No se ha compartido nada.',
      next: 'Empiece de nuevo; solo toma unos minutos.',
    },
    grant_abandoned: {
      title: 'Esta solicitud se cerró',
      text: 'Nunca se confirmó, así que avisamos a su compañía de servicios de que no usaremos su permiso. No se ha compartido nada.',
      next: 'Si todavía desea compartir, empiece de nuevo.',
    },
    nothing_shared: {
      title: 'No se eligió nada para compartir',
      text: 'Su compañía de servicios nos dio un permiso sin ninguno de los datos solicitados: allí no se marcó ninguna cuenta o ningún tipo de datos.',
      next: 'Empiece de nuevo y elija las cuentas y los datos en la página de su compañía de servicios.',
    },
    bad_redirect_uri: {
      title: 'Este enlace no está bien formado',
      text: 'Indica un sitio de regreso que la empresa no ha registrado. Para protegerle, nos detuvimos. No se ha compartido nada.',
      next: 'Avise a la empresa; solo ella puede corregirlo.',
    },
    text_changed: {
      title: 'El texto cambió mientras tanto',
      text: 'Mientras la página estaba abierta, la empresa o nosotros cambiamos el texto. Usted solo debe aceptar lo que ha leído. No se ha compartido nada.',
      next: 'Léalo una vez más y continúe desde ahí.',
    },
    operator_problem: {
      title: 'Hay un problema de nuestro lado',
      text: 'Su compañía de servicios no acepta nuestro acceso en este momento. Usted no hizo nada mal y no se ha compartido nada.',
      next: 'Ya recibimos el aviso. Inténtelo de nuevo hoy más tarde.',
    },
  },
  startAgain: 'Empezar de nuevo',
  readAgain: 'Leer de nuevo',
  help: (email) => html`¿Necesita ayuda? Escriba a ${email}.`,
  problems: {
    notFound: {
      title: 'Esta página no existe',
      text: 'Puede que la dirección esté incompleta. Si siguió un enlace de un mensaje, ábralo de nuevo completo.',
    },
    fault: {
      title: 'Algo falló de nuestro lado',
      text: 'El error es nuestro y quedó registrado. Inténtelo de nuevo dentro de unos minutos.',
    },
    badRequest: {
      title: 'No pudimos leer eso',
      text: 'Su navegador envió algo que esta página no entiende. Vuelva atrás e inténtelo de nuevo.',
    },
    forged: {
      title: 'Abra la página de nuevo',
      text: 'Para protegerle, solo aceptamos un formulario enviado desde la página que mostramos en este navegador. Debe permitir las cookies de este sitio. No se ha cambiado nada.',
    },
    reference: (id) => `Referencia para soporte: ${id}`,
    back: 'Abrir la página de nuevo',
  },
  availability: {
    title: 'Qué comparten las compañías de servicios',
    intro:
      'Lo que cada compañía de servicios entrega por su interfaz para empresas. Lo que no entrega no se puede obtener por esta vía, ni con nosotros ni con nadie.',
    pdf: 'La interfaz de ninguna compañía de servicios entrega copias en PDF de las facturas. Los servicios que las ofrecen inician sesión con su contraseña.',
    utility: 'Compañía de servicios',
    billPdfs: 'Facturas en PDF',
    history: 'Historial',
    historyText: (months) => `${months} meses`,
    lag: 'Demora',
    lagText: (days) => (days === 1 ? 'alrededor de 1 día' : `alrededor de ${days} días`),
    yes: 'sí',
    no: 'no',
    none: 'Todavía no hay ninguna compañía de servicios configurada aquí.',
  },
  home: {
    title: 'Proxy de Green Button',
    heading: 'Comparta datos de energía, con el consentimiento del cliente',
    intro: (operator) =>
      html`Este servidor de ${operator} permite que los clientes de compañías de servicios transmitan sus datos de
      energía a empresas: inician sesión en su compañía, ven lo que se comparte y pueden detenerlo en cualquier momento.`,
    customers:
      '¿Una empresa le envió un enlace? Ábralo: lleva a la página de la solicitud. ¿Desea ver un permiso o ponerle fin? El enlace privado está en el correo con su comprobante.',
    try: 'Pruébelo',
    tryText: (company) =>
      html`La empresa de demostración ${company} solicita datos de compañías simuladas y clientes inventados. Abra un
      formulario, inicie sesión como uno de los clientes y confirme.`,
    open: (utility) => html`Abrir el formulario de ${utility}`,
    customer: 'Cliente',
    login: 'Usuario',
    password: 'Contraseña',
    api: 'Leer los datos',
    apiText: 'El token de la empresa de demostración, válido solo en este servidor:',
    files: 'Dónde está cada cosa',
    dataDir: 'Datos',
    mailDir: 'Correos que se habrían enviado',
    arrived: 'Qué se ha recibido hasta ahora',
    refreshes: 'Esta página se actualiza cada pocos segundos mientras llegan datos.',
    authorizations: 'Autorizaciones',
    meters: 'Medidores',
    readings: 'Lecturas',
    bills: 'Facturas',
    billingSummaries: 'Resúmenes de facturación',
    nothing: 'Todavía nada.',
    recent: 'Últimas autorizaciones',
    when: 'Cuándo',
    utility: 'Compañía',
    state: 'Estado',
  },
  legal: {
    terms: {
      title: 'Condiciones',
      sections: (operator, email) => [
        [
          'Qué hacemos',
          `${operator} solicita datos de energía a su compañía de servicios en su nombre, los guarda y los transmite a la empresa que usted eligió. Usted no paga nada.`,
        ],
        [
          'Qué decide usted',
          'Con qué empresa, qué datos y hasta cuándo. No se comparte nada antes de que usted confirme el paso final. Puede detenerlo en cualquier momento, sin dar explicaciones, con el enlace privado de su comprobante o en su compañía de servicios.',
        ],
        [
          'Quién puede aceptar',
          'La persona titular de la cuenta de servicios, o alguien autorizado a decidir por ella, mayor de edad.',
        ],
        [
          'Qué no prometemos',
          'Los datos vienen de su compañía de servicios tal como son: pueden llegar tarde, corregirse después o tener huecos. Transmitimos las correcciones.',
        ],
        [
          'La empresa',
          'La empresa que le pide los datos responde de lo que hace con ellos. Se ha comprometido con nosotros a usarlos solo para el fin que se le mostró a usted.',
        ],
        [
          'Cambios',
          'Nunca cambiamos lo que usted aceptó. Un texto nuevo vale solo para solicitudes nuevas; su comprobante conserva el texto que usted vio.',
        ],
        ['Contacto', `Preguntas y quejas: ${email}.`],
      ],
    },
    privacy: {
      title: 'Privacidad',
      sections: (operator, email) => [
        [
          'Qué guardamos',
          'Su nombre y su correo electrónico tal como los escribió; el texto que aceptó y cuándo; los datos que su compañía de servicios envía con su permiso. Nunca su contraseña de la compañía de servicios: no la vemos.',
        ],
        [
          'Para qué',
          `${operator} los usa para transmitir sus datos a la empresa que usted eligió y para demostrar que usted dio su consentimiento. No los usa para publicidad ni los vende.`,
        ],
        ['Quién los recibe', 'La empresa que usted eligió. Fuera de ella, solo quien la ley nos obligue a informar.'],
        [
          'Cuánto tiempo',
          'Los datos de energía, hasta que usted deje de compartirlos: entonces se borran enseguida. Cuando llegue el día acordado ya no se obtiene nada, y lo compartido hasta entonces queda en poder de la empresa hasta que usted lo detenga o ella lo borre. La prueba de su consentimiento se guarda al menos tres años después del fin.',
        ],
        [
          'Cómo se protegen',
          'Nuestro acceso a su cuenta de servicios se guarda cifrado y solo se usa para los datos que usted aceptó. Estas páginas solo usan las cookies que los pasos necesitan y no cargan nada de otros sitios.',
        ],
        [
          'Sus derechos',
          'Ver, corregir, llevarse y borrar lo que guardamos sobre usted, y quejarse de nosotros. El enlace privado de su comprobante muestra el permiso y permite ponerle fin; para todo lo demás, escríbanos. Confirmamos la recepción en 10 días hábiles y respondemos en 45 días.',
        ],
        ['Contacto', `Preguntas sobre privacidad: ${email}.`],
      ],
    },
    more: 'Estos son los textos del operador. La empresa que solicita sus datos tiene los suyos; están enlazados en su formulario.',
  },
}

/** What the pages say in a language. */
export const messages: Record<Language, Messages> = { en, es }
