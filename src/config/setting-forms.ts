import { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { isPlaceholder } from '../keys/secret-text.js';
import { databaseUrlFault } from './database-url.js';
import { headerFaults, withoutEllipsis } from './headers-fault.js';
import { pathRuleFault } from './path-rule-fault.js';
import { isObject } from './setting-entries.js';
import { isTimeSetting } from './time-setting.js';

/** A check that answers what is wrong, as the end of a sentence about the key. */
type Fault<T> = (value: T) => string | undefined;

export function text(fault: Fault<string> = () => undefined): z.ZodString {
  return z.string().superRefine((value, context) => {
    const message = fault(value) ?? (isPlaceholder(value) ? 'is still a placeholder' : undefined);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });
}

export function wholeNumber(least: number, most: number): z.ZodInt {
  return z.int().min(least).max(most);
}

export function pathList(): z.ZodArray<z.ZodString> {
  return z.array(text(pathRuleFault));
}

export function headerMap() {
  return z
    .record(z.string(), z.string())
    .superRefine(
      (headers, context) => {
        for (const { name, fault } of headerFaults(headers)) {
          context.addIssue({ code: 'custom', path: [name], message: fault });
        }
      },
      { when: ({ value }) => isObject(value) },
    )
    .transform(withoutEllipsis);
}

export function appNameFault(name: string): string | undefined {
  if (name.length > 64) return 'is longer than 64 characters';
  return /\p{Cc}/u.test(name) ? 'holds a control character' : undefined;
}

/** @see RFC 8414 section 2 */
export function issuerFault(issuer: string): string | undefined {
  if (!URL.canParse(issuer)) return 'is no URL; write one such as "https://auth.example.com"';
  const { protocol, hostname } = new URL(issuer);
  if (/[?#]/.test(issuer)) return 'has a query or a fragment; an issuer has neither';
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return protocol === 'https:' || (protocol === 'http:' && isLocal) ? undefined : 'is no https:// URL';
}

export function attemptsStoreFault(url: string): string | undefined {
  if (url === 'memory:') return undefined;
  return /^rediss?:/i.test(url)
    ? databaseUrlFault(url)
    : 'is neither "memory:" nor a redis:// or rediss:// URL';
}

export function messageKeyFault(key: string): string | undefined {
  if (key.trim() === '') return 'is empty';
  return key === 'master-token' || key in Object.prototype ? 'is taken; choose another name' : undefined;
}

/** What requests have already, on one adapter or the other; Express and Fastify are not asked, since both may be absent. */
const PROPERTIES_OF_REQUESTS: ReadonlySet<string> = new Set(
  'app body complete connection cookies headers host hostname id ip ips log method next originalUrl params path protocol query raw rawHeaders req res route routeOptions secure server signedCookies socket url'.split(
    ' ',
  ),
);

export function userPropertyFault(name: string): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(name)) return 'is not the name of a property';
  return PROPERTIES_OF_REQUESTS.has(name) || name in IncomingMessage.prototype
    ? 'is a property of requests already; choose another name'
    : undefined;
}

export function audienceFault(audience: string): string | undefined {
  return audience.trim() === '' ? 'is empty' : undefined;
}

export function observeUntilFault(date: string): string | undefined {
  return isTimeSetting(date) ? undefined : 'is no date; write "2027-01-31" or "2027-01-31T12:00:00Z"';
}

export function oneOf(names: readonly string[]): string {
  return `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}

export function authPrefixFault(prefix: string): string | undefined {
  return /^[\w/.~-]*$/.test(prefix) ? undefined : 'is no plain path; write one such as "/auth"';
}
