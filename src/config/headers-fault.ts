import { isPlaceholder } from '../keys/secret-text.js';

/** Headers that belong to one connection or frame the message. @see RFC 9110 section 7.6.1, RFC 9112 section 6 */
const REFUSED = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** The headers without the line `"...": "..."` of the original's example. */
export function withoutEllipsis(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => !isEllipsis(name, value)));
}

function isEllipsis(name: string, value: unknown): boolean {
  return name === '...' && value === '...';
}

/** Why a header cannot be sent to the persistence API, without its value. What is no text is not judged here. */
export function headerFaults(headers: Readonly<Record<string, unknown>>): { name: string; fault: string }[] {
  const seen = new Set<string>();
  const faults: { name: string; fault: string }[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (isEllipsis(name, value)) continue;
    const fault = headerFault(name, value) ?? (seen.has(name.toLowerCase()) ? 'stands twice' : undefined);
    seen.add(name.toLowerCase());
    if (fault !== undefined) faults.push({ name, fault });
  }
  return faults;
}

function headerFault(name: string, value: unknown): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return 'is no header name (RFC 9110 section 5.1)';
  if (REFUSED.has(name.toLowerCase())) return 'is set by the HTTP connection itself; leave it out';
  if (typeof value !== 'string') return undefined;
  if (isPlaceholder(value)) return 'is still a placeholder; put the value in or leave the header out';
  if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
    return 'has characters that no header can hold (line ends, control characters, beyond Latin-1)';
  }
  return undefined;
}
