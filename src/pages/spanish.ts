import type { Messages } from './english.ts'
import { html } from './markup.ts'

/** The same in Spanish, text by text. */
export const spanish: Messages = {
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
    away: {
      title: 'Un momento, por favor',
      text: 'Nuestro sistema se está reiniciando. Abra la página de nuevo dentro de unos segundos. Nada de lo que se le confirmó se ha perdido.',
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
