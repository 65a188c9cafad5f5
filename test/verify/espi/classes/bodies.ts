import { type Body, type MalformedClass, rejected, variant, accepted } from '../malformed-class.ts'
import { ATOM, ESPI } from '../small-feed.ts'

const PAGE = rejected('page_instead_of_feed')
const OTHER = rejected('not_green_button')
const NO_XML = rejected('not_xml')

const html = (text: string, contentType: string): Body => ({ bytes: new Uint8Array(Buffer.from(text)), contentType })
const FEED_TYPE = 'application/atom+xml'

/** What comes with status 200 and is no feed. */
export const BODIES: MalformedClass[] = [
  {
    name: 'web page that says so',
    verdict: PAGE,
    make: ({ n }) =>
      html(
        variant(n, ['<html><body>Sign in</body></html>', '<p>Down for maintenance', '']) || 'x',
        'text/html; charset=utf-8',
      ),
  },
  {
    name: 'web page that claims to be a feed',
    verdict: PAGE,
    make: ({ n }) =>
      html(
        variant(n, [
          '<!DOCTYPE html><html/>',
          '\n<html lang="en"></html>',
          '<!doctype html>\n<title>x</title>',
          '\uFEFF<HTML></HTML>',
        ]),
        FEED_TYPE,
      ),
  },
  {
    name: 'XHTML page behind an XML declaration or a comment',
    verdict: PAGE,
    make: ({ n }) =>
      html(
        variant(n, [
          '<?xml version="1.0"?>\n',
          '<!-- error 17 -->',
          '<?xml version="1.0" encoding="UTF-8"?><!-- x -->\n',
        ]) +
          variant(n >> 1, [
            '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
            '',
          ]) +
          '<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
        FEED_TYPE,
      ),
  },
  {
    name: 'JSON',
    verdict: NO_XML,
    make: ({ n }) =>
      variant(n, [
        '{"error":"invalid_token"}',
        '[]',
        ' {"entries": []}',
        '{"feed":"<feed/>"}',
        '"oops"',
        'null',
        'true',
      ]),
  },
  { name: 'nothing', verdict: NO_XML, make: () => '' },
  {
    name: 'blanks',
    verdict: NO_XML,
    make: ({ n }) => variant(n, [' ', '\n', '\r\n\r\n', '\t', '\uFEFF', '\uFEFF \n']),
  },
  {
    name: 'comment and declaration alone',
    verdict: NO_XML,
    make: ({ n }) =>
      variant(n, ['<?xml version="1.0"?>', '<!-- nothing here -->', '<?xml version="1.0"?>\n<!-- x -->\n']),
  },
  {
    name: 'plain text',
    verdict: NO_XML,
    make: ({ n }) =>
      variant(n, ['Service Unavailable', 'OK', 'Invalid Certificate', '0', 'ORA-12541: TNS:no listener']),
  },
  {
    name: 'table',
    verdict: NO_XML,
    make: ({ n }) => variant(n, ['Date,kWh\n2026-01-01,3\n', '"Name","X"\n', 'TYPE,DATE,START TIME\n', 'a;b\n1;2\n']),
  },
  {
    name: 'other files',
    verdict: NO_XML,
    make: ({ n, random }) =>
      Uint8Array.from([
        ...variant(n, [
          [0x50, 0x4b, 3, 4],
          [0x25, 0x50, 0x44, 0x46, 0x2d],
          [0x89, 0x50, 0x4e, 0x47],
          [0xff, 0xd8, 0xff],
          [0x7b, 0x5c, 0x72, 0x74, 0x66],
        ]),
        ...Array.from({ length: 60 }, () => random.int(256)),
      ]),
  },
  {
    name: 'bytes at random',
    verdict: NO_XML,
    make: ({ random, n }) =>
      Uint8Array.from([0x80 + random.int(64), ...Array.from({ length: 50 * n }, () => random.int(256))]),
  },
  {
    name: 'SOAP fault or error of a cloud',
    verdict: OTHER,
    make: ({ n }) =>
      variant(n, [
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
        '<Error><Code>AccessDenied</Code></Error>',
        '<error>invalid_token</error>',
        '<ErrorResponse xmlns="urn:x"/>',
      ]),
  },
  { name: 'RSS', verdict: OTHER, make: ({ n }) => `<rss version="2.0"><channel><title>${n}</title></channel></rss>` },
  {
    name: 'feed of something else',
    verdict: OTHER,
    make: ({ n }) =>
      `<feed xmlns="${ATOM}"><entry><content type="html">&lt;p&gt;${n}&lt;/p&gt;</content></entry></feed>`,
  },
  {
    name: 'metadata of something else',
    verdict: OTHER,
    make: ({ n }) =>
      variant(n, [
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"/>',
        '<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"/>',
        '<svg xmlns="http://www.w3.org/2000/svg"/>',
      ]),
  },
  { name: 'feed without entries', verdict: accepted, make: ({ n }) => `<feed xmlns="${ATOM}"><id>${n}</id></feed>` },
  {
    name: 'resource without a feed',
    verdict: accepted,
    make: ({ n }) =>
      `<${variant(n, ['BatchList', 'UsagePoint', 'ServiceStatus', 'Authorization', 'ReadingType'])} xmlns="${ESPI}"/>`,
  },
  { name: 'resource of no known name', verdict: OTHER, make: ({ n }) => `<Thing${n} xmlns="${ESPI}"/>` },
]
