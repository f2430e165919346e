import { createHash } from 'node:crypto';
import { PUBLISHED_TEXTS, secretFault } from '../keys/secret-text.js';

const HOW_TO_MAKE_ONE = 'make one with "npx fastauth keys generate --print"';

/** Why a text cannot be the HS256 secret. @see RFC 8725 section 3.1: a public key must not become a shared secret */
export function cryptographyKeyFault(key: string): string | undefined {
  return secretFault(Buffer.from(key));
}

/** Why a text cannot be a master token, which travels in a header as it is, or the hash of one. */
export function masterTokenFault(token: string): string | undefined {
  if (token.startsWith('sha256:')) return masterTokenHashFault(token);
  const fault = secretFault(Buffer.from(token));
  if (fault !== undefined) return fault;
  if (isStockText(token)) return `is a placeholder that anybody would guess; ${HOW_TO_MAKE_ONE}`;
  if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(token)) {
    return (
      'has characters that cannot be sent in a header as they are (control characters, white space at an end, ' +
      `or beyond ASCII); ${HOW_TO_MAKE_ONE}`
    );
  }
  return undefined;
}

/** Nothing but the words that placeholders are made of, with digits behind them or not. */
const STOCK_TEXT = new RegExp(
  '^(?:a|access|admin|api|change|crypto|cryptography|default|demo|dev|example|fastauth|here|insecure|it|jwt|key|letmein|' +
    'master|me|my|pass|passwd|password|placeholder|please|qwerty|replace|root|sample|secret|signing|some|super|test|the|' +
    'this|to|todo|token|top|value|very|with|x|your)+[0-9]{0,6}$',
);

/** Text such as `changeme`, `my-secret-token`, `Password123` or `12345678`, which stands in for a secret. */
export function isStockText(text: string): boolean {
  const plain = text.toLowerCase().replace(/[\s._!-]/g, '');
  return plain.length <= 40 && (STOCK_TEXT.test(plain) || '12345678901234567890'.startsWith(plain));
}

/** Whether a text is the hash of a secret. */
export function isSecretHash(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/i.test(text);
}

/** Why a text cannot be the hash of a master token. */
export function masterTokenHashFault(hash: string): string | undefined {
  return hashFault(hash, 'a master token');
}

/** Why a text cannot be the hash of a client's secret. */
export function clientSecretHashFault(hash: string): string | undefined {
  return hashFault(hash, 'a client secret');
}

function hashFault(hash: string, secret: string): string | undefined {
  if (!isSecretHash(hash)) {
    return `is no hash of ${secret} ("sha256:" and 64 hexadecimal digits); make one with "npx fastauth keys hash"`;
  }
  const isHashOf = (text: string): boolean =>
    createHash('sha256').update(text).digest('hex') === hash.slice('sha256:'.length).toLowerCase();
  if (isHashOf('')) return `is the hash of nothing; ${HOW_TO_MAKE_ONE}`;
  if (PUBLISHED_TEXTS.some(isHashOf))
    return `is the hash of the sample key that is published; ${HOW_TO_MAKE_ONE}`;
  return undefined;
}
