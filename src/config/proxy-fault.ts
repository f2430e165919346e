import { isIP, isIPv6 } from 'node:net';

/** What is wrong with an entry of `trusted-proxies`, or undefined if nothing is. */
export function proxyFault(proxy: string): string | undefined {
  const [address = '', prefix, more] = proxy.split('/');
  const bits = isIPv6(address) ? 128 : 32;
  const isPrefix =
    prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits);
  if (isIP(address) !== 0 && isPrefix && more === undefined) return undefined;
  if (isIP(address) !== 0 && prefix === '0')
    return 'trusts every address, so that anybody could claim to be anybody; name the proxies or their networks';
  return 'is no IP address and no CIDR block; write one such as "10.0.0.0/8"';
}
