/**
 * What a page is called, and the proof that it exists.
 * The rule is the service's own (`canonical` in src/likewise/pages.py); knows no generator.
 */

import { createHmac } from 'node:crypto';

const MAX_BYTES = 512;
// A run of octets that may be one character of UTF-8, any other octet, and a % that begins none.
const ESCAPES =
  /%[CD][0-9A-F]%[89AB][0-9A-F]|%E[0-9A-F](?:%[89AB][0-9A-F]){2}|%F[0-4](?:%[89AB][0-9A-F]){3}|%[0-9A-F]{2}|%/gi;
const BROKEN_ESCAPE = /%(?![0-9A-F]{2})/g;
const SPACE =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const OUTER_SPACE = new RegExp(`^${SPACE}|${SPACE}$`, 'g');
const LAST_SPACE = new RegExp(`${SPACE}$`);
// C0, DEL and C1 controls, bidi controls, line separators, lone surrogates.
const UNSHOWABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u;

/** Decodes unreserved ASCII and UTF-8 (RFC 3986, section 6.2.2.2), and writes the rest in capitals. */
const unescaped = (octets) => {
  if (octets === '%') return '%25';
  try {
    const text = decodeURIComponent(octets);
    if (text > '\x7f' || /[\w.~-]/.test(text)) return text;
  } catch {
    // Not UTF-8: the octets stay.
  }
  return octets.toUpperCase();
};

const pathOf = (text) => {
  const segments = [];
  const [path] = text.split(/[?#]/, 1);
  for (const segment of path.replace(ESCAPES, unescaped).split('/').slice(1)) {
    if (segment === '..') segments.pop();
    else if (segment !== '.') segments.push(segment);
  }
  while (segments.length) {
    const last = segments.pop().replace(LAST_SPACE, '');
    if (last === '..') segments.pop();
    else if (!['', '.', 'index.html'].includes(last)) {
      segments.push(last);
      break;
    }
  }
  return `/${segments.filter(Boolean).join('/')}`;
};

/** Returns the one id that all spellings of a page's address share; undefined of what can be none. */
export const canonical = (text) => {
  let page = text.replace(OUTER_SPACE, '').replace(/^https?:\/\/[^/?#]*/i, '/');
  if (page.startsWith('/')) page = pathOf(page).normalize('NFC').replace(BROKEN_ESCAPE, '%25');
  else page = page.normalize('NFC');
  const isId = page && !UNSHOWABLE.test(page) && Buffer.byteLength(page) <= MAX_BYTES;
  return isId ? page : undefined;
};

/**
 * Returns the signature of a page, for a service that asks for one (LIKEWISE_PAGES=signed):
 * the HMAC-SHA256 of its site and canonical id, in hexadecimal. Undefined without a key.
 */
export const signature = (text, site = 'default') => {
  const key = process.env.LIKEWISE_PAGE_KEY?.split(',')[0].trim();
  const page = key && canonical(text);
  if (key && !page)
    console.warn(`Likewise: ${JSON.stringify(text)} can be no page, and gets no signature.`);
  return page && createHmac('sha256', key).update(`${site}\n${page}`).digest('hex');
};
