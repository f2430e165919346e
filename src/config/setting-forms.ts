import { z } from 'zod';
import { isPlaceholder } from '../keys/secret-text.js';
import { databaseUrlFault } from './database-url.js';
import { headerFaults, withoutEllipsis } from './headers-fault.js';
import { pathRuleFault } from './path-rule-fault.js';
import { isObject } from './setting-entries.js';

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

export function audienceFault(audience: string): string | undefined {
  return audience.trim() === '' ? 'is empty' : undefined;
}

export function oneOf(names: readonly string[]): string {
  return `one of ${names.map((name) => JSON.stringify(name)).join(', ')}`;
}

export function authPrefixFault(prefix: string): string | undefined {
  return /^[\w/.~-]*$/.test(prefix) ? undefined : 'is no plain path; write one such as "/auth"';
}
