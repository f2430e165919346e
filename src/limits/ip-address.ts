import { isIPv4, isIPv6 } from 'node:net';

/** As proxies write a hop: quoted (RFC 7239 section 4), in brackets, with a port behind it. */
const WITH_PORT = /^"?(?:\[(?<v6>[^\]]*)\]|(?<v4>[\d.]+))(?::\d{1,5})?"?$/;

/**
 * The address that this text names, in the one spelling that it is compared in: without port and zone, IPv4 as IPv4
 * however it is embedded in IPv6. Undefined for what is no address, such as `unknown` or `_hidden` (RFC 7239 section 6).
 */
export function parseIpAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  const { v4, v6 } = WITH_PORT.exec(text)?.groups ?? {};
  if (v4 !== undefined) return isIPv4(v4) ? v4 : undefined;
  const [address = ''] = (v6 ?? text).split('%', 1);
  if (!isIPv6(address)) return undefined;
  return embeddedIPv4(ipv6Groups(address)) ?? address.toLowerCase();
}

/** The eight groups of an IPv6 address. */
export function ipv6Groups(address: string): readonly number[] {
  const [head = '', tail] = address.split('::');
  const left = groupsOf(head);
  if (tail === undefined) return left;
  const right = groupsOf(tail);
  const zeros = Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => 0), ...right];
}

function groupsOf(text: string): number[] {
  return text.split(':').flatMap((group) => {
    if (group === '') return [];
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}

/** Mapped, as Node writes IPv4 peers of dual-stack sockets (RFC 4291 section 2.5.5.2), or by NAT64 (RFC 6052). */
function embeddedIPv4(groups: readonly number[]): string | undefined {
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  const [high = 0, low = 0] = groups.slice(6);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
