import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';
import type { CredentialSource } from './credentials.js';

/** Node writes IPv4 peers of dual-stack sockets like this. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** Tells from which address a request came: the peer's, or what trusted proxies say in `X-Forwarded-For`. */
export class ClientAddress {
  private readonly trusted: BlockList | undefined;

  /** @param trustedProxies addresses and CIDR blocks */
  constructor(trustedProxies: readonly string[]) {
    if (trustedProxies.length === 0) return;
    this.trusted = new BlockList();
    for (const proxy of trustedProxies) {
      const [address = '', prefix] = proxy.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.trusted.addAddress(address, family);
      else this.trusted.addSubnet(address, Number(prefix), family);
    }
  }

  /** The last address that no trusted proxy vouches for; undefined where a connection has none (a Unix socket). */
  of({ socket, headers }: CredentialSource): string | undefined {
    const peer = plainAddress(socket?.remoteAddress ?? '');
    if (peer === undefined || !this.isTrusted(peer)) return peer;
    const forwarded = headers['x-forwarded-for'];
    const hops = (typeof forwarded === 'string' ? forwarded.split(',') : []).toReversed();
    let nearest = peer;
    for (const hop of hops) {
      const address = plainAddress(hop.trim());
      // What is no address was not written by a proxy that deserves trust.
      if (address === undefined) return nearest;
      nearest = address;
      if (!this.isTrusted(address)) return address;
    }
    return nearest;
  }

  private isTrusted(address: string): boolean {
    return this.trusted?.check(address, isIPv4(address) ? 'ipv4' : 'ipv6') ?? false;
  }
}

/** Whether the address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** What attempts are counted by: an IPv4 address, the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  // One subscriber has a /64 at least; counting single addresses would count nothing.
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function plainAddress(text: string): string | undefined {
  const address = MAPPED_IPV4.exec(text)?.[1] ?? text;
  return isIP(address) === 0 ? undefined : address;
}
