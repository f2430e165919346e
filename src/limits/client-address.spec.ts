import { describe, expect, it } from '@jest/globals';
import { ClientAddress, networkOf } from './client-address.js';

const request = (remoteAddress: string | undefined, forwarded?: string) => ({
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  rawHeaders: [],
  socket: { remoteAddress },
});

describe('the address of a client', () => {
  const addresses = new ClientAddress(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32']);

  it.each([
    ['of a direct peer', '203.0.113.5', undefined, '203.0.113.5'],
    ['of a peer that is no proxy, whatever it says', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['behind a proxy', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['behind a proxy on a dual-stack socket', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['behind two proxies', '10.1.2.3', '198.51.100.1, 192.0.2.7', '198.51.100.1'],
    [
      'behind a proxy, with hops that the client made up',
      '10.1.2.3',
      '1.1.1.1, 198.51.100.1',
      '198.51.100.1',
    ],
    ['behind an IPv6 proxy', '2001:db8::1', '2001:db9::5', '2001:db9::5'],
    ['of the proxy itself', '10.1.2.3', undefined, '10.1.2.3'],
    ['where a hop is no address', '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
    ['where only proxies are named', '10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['behind a proxy that writes ports', '10.1.2.3', '1.1.1.1, 198.51.100.1:4711', '198.51.100.1'],
    ['behind a proxy that writes brackets', '10.1.2.3', '[2001:db9::5]:4711', '2001:db9::5'],
    ['behind a proxy that writes IPv4 as IPv6', '10.1.2.3', '::ffff:c633:6401', '198.51.100.1'],
    ['behind a proxy that is spelt in hexadecimal', '::ffff:a01:203', '198.51.100.1', '198.51.100.1'],
    ['where an element is empty', '10.1.2.3', '198.51.100.1, ', '198.51.100.1'],
    ['where the proxy hides it', '10.1.2.3', '198.51.100.1, _hidden', '10.1.2.3'],
    ['of a connection that has been cut', undefined, '198.51.100.1', undefined],
  ])('is known %s', (_case, peer, forwarded, expected) => {
    expect(addresses.of(request(peer, forwarded))).toBe(expected);
  });

  it('on a Unix socket is what its proxy says, where proxies of this machine are trusted', () => {
    const onUnixSocket = {
      headers: { 'x-forwarded-for': '198.51.100.1' },
      rawHeaders: [],
      socket: { remoteAddress: undefined, server: { address: () => '/run/app.sock' } },
    };
    expect(new ClientAddress(['127.0.0.0/8']).of(onUnixSocket)).toBe('198.51.100.1');
    expect(new ClientAddress(['::1']).of(onUnixSocket)).toBe('198.51.100.1');
    expect(addresses.of(onUnixSocket)).toBeUndefined();
    // Of a server on a port it is a connection that has been cut: nobody knows whose.
    const cut = {
      ...onUnixSocket,
      socket: { remoteAddress: undefined, server: { address: () => ({ port: 1 }) } },
    };
    expect(new ClientAddress(['127.0.0.1']).of(cut)).toBeUndefined();
  });

  it('is the peer where no proxy is trusted', () => {
    expect(new ClientAddress([]).of(request('10.1.2.3', '198.51.100.1'))).toBe('10.1.2.3');
  });
});

describe('the network that attempts are counted by', () => {
  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
