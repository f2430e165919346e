import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { ipv6Groups, parseIpAddress } from './ip-address.js';

const LOOPBACKS = ['127.0.0.1', '::1'];

/** The part of a request that says where it came from. */
export interface AddressSource {
  readonly headers: IncomingHttpHeaders;
  /** The connection, for the peer's address. */
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

/** Tells from which address a request came: the peer's, or what trusted proxies say in `X-Forwarded-For`. */
export class ClientAddress {
  private readonly trusted: BlockList | undefined;
  /** Whoever reaches a Unix socket runs on this machine, as whoever connects from its loopback addresses. */
  private readonly trustsUnixSockets: boolean;

  /** @param trustedProxies addresses and CIDR blocks */
  constructor(trustedProxies: readonly string[]) {
    this.trustsUnixSockets = false;
    if (trustedProxies.length === 0) return;
    this.trusted = new BlockList();
    for (const proxy of trustedProxies) {
      const [address = '', prefix] = proxy.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.trusted.addAddress(address, family);
      else this.trusted.addSubnet(address, Number(prefix), family);
    }
    this.trustsUnixSockets = LOOPBACKS.some((address) => this.isTrusted(address));
  }

  /** The last address that no trusted proxy vouches for; undefined where there is none (a Unix socket). */
  of(source: AddressSource): string | undefined {
    const peer = peerOf(source);
    if (!(peer === undefined ? this.trustsUnixSockets && isUnixSocket(source) : this.isTrusted(peer)))
      return peer;
    let nearest = peer;
    for (const hop of hopsOf(source)) {
      const address = parseIpAddress(hop);
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

/** Who is at the other end of the connection; undefined on a Unix socket. */
export function peerOf({ socket }: AddressSource): string | undefined {
  return parseIpAddress(socket?.remoteAddress ?? '');
}

/**
 * What the nearest proxy wrote, whether it is trusted or not: behind a proxy on this machine that nobody named it is
 * all that tells clients apart.
 */
export function nearestHop(source: AddressSource): string | undefined {
  const [hop = ''] = hopsOf(source);
  return parseIpAddress(hop);
}

/** Whether the address is this machine's own. */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** What attempts are counted by: an IPv4 address, the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return address;
  // One subscriber has a /64 at least; counting single addresses would count nothing.
  const [withoutZone = ''] = address.split('%', 1);
  return ipv6Groups(withoutZone)
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':');
}

/** From the nearest on. A list may have empty elements (RFC 9110 section 5.6.1.2). */
function hopsOf({ headers }: AddressSource): readonly string[] {
  const forwarded = headers['x-forwarded-for'];
  if (typeof forwarded !== 'string') return [];
  return forwarded
    .split(',')
    .map((hop) => hop.trim())
    .filter((hop) => hop !== '')
    .toReversed();
}

/** A connection that has been cut has no address either, so its server is asked what it listens on. */
function isUnixSocket({ socket }: AddressSource): boolean {
  const server: unknown = socket && Reflect.get(socket, 'server');
  if (typeof server !== 'object' || server === null) return false;
  const address: unknown = Reflect.get(server, 'address');
  return typeof address === 'function' && typeof address.call(server) === 'string';
}
