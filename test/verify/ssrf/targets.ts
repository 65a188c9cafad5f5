/**
 * Where an address must never lead, by the way it hides that. `hosts` are literal, `names` are resolved by a stub; `urls` are whole.
 * Sources: IANA special-purpose address registries (IPv4 and IPv6), the WHATWG URL standard, RFC 6890.
 */
export const PRIVATE_HOSTS = [
  ...['0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.0.0.2'],
  ...['127.255.255.254', '169.254.0.1', '169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.254'],
  ...['192.0.0.1', '192.0.0.192', '192.0.2.1', '192.88.99.1', '192.168.0.1', '198.18.0.1', '198.51.100.1'],
  ...['203.0.113.1', '224.0.0.1', '240.0.0.1', '255.255.255.255'],
  ...[
    '[::]',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:10.0.0.1]',
    '[::127.0.0.1]',
    '[64:ff9b::a00:1]',
  ],
  ...['[64:ff9b:1::a00:1]', '[100::1]', '[2001::1]', '[2001:db8::1]', '[2002:a00:1::1]', '[3fff::1]', '[5f00::1]'],
  ...['[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[fec0::1]', '[ff02::1]'],
] as const

export const SPELLINGS = [
  ...['2130706433', '0x7f000001', '0x7f.1', '017700000001', '0177.0.0.1', '127.1', '127.0.1', '１２７.0.0.1'],
  ...['①②⑦.0.0.1', '127.0.0.1.', '0X7F.0.0.1', '%31%32%37.0.0.1', '[fe80::1%25lo]'],
] as const

export const NAMES = [
  ...['localhost', 'localhost.', 'any.localhost', 'LOCALHOST', 'metadata.google.internal', 'printer.local'],
  ...['router.lan', 'intranet', 'db.corp'],
] as const

/** What a stub resolver answers for a name that looks public. */
export const RESOLVED = {
  'a private address': ['10.0.0.1'],
  'a public and a private address': ['11.0.0.1', '192.168.0.1'],
  'loopback in IPv6 beside public IPv4': ['11.0.0.1', '::1'],
  'a mapped address': ['::ffff:169.254.169.254'],
  'a metadata service': ['169.254.169.254'],
  nothing: [],
} as const

export const URLS = [
  ...['http://hooks.example.com/', 'ftp://hooks.example.com/', 'file:///etc/passwd', 'gopher://hooks.example.com/'],
  ...['data:text/plain,x', 'unix:/run/postgres.sock', 'javascript:alert(1)', 'https://user@hooks.example.com/'],
  ...['https://user:secret@hooks.example.com/', 'https://hooks.example.com:22/', 'https://hooks.example.com:25/'],
  ...['https://hooks.example.com:5432/', 'https://hooks.example.com:6379/', 'https://hooks.example.com/#@127.0.0.1/'],
  ...['https://hooks.example.com\\@127.0.0.1/', 'https://hooks.example.com/\r\nx: y', '//hooks.example.com/', ''],
  `https://hooks.example.com/${'x'.repeat(8192)}`,
] as const

/** Public neighbors of private networks, which must stay reachable. */
export const PUBLIC = [
  ...[
    'https://100.63.255.255/',
    'https://100.128.0.1/',
    'https://172.32.0.1/',
    'https://11.0.0.1/',
    'https://128.0.0.1/',
  ],
  ...['https://192.88.98.255/', 'https://198.17.255.255/', 'https://198.20.0.1/', 'https://223.255.255.255/'],
  ...[
    'https://[2606:4700::1111]/',
    'https://[2003::1]/',
    'https://bücher.example.com/',
    'https://hooks.example.com:8443/',
  ],
] as const
