import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { parseIpAddress } from './ip-address.js';

describe('an address as proxies write it', () => {
  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['198.51.100.1:4711', '198.51.100.1'],
    ['"198.51.100.1:4711"', '198.51.100.1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['[2001:DB8::1]:443', '2001:db8::1'],
    ['"[2001:db8::1]:443"', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::ffff:7f00:1', '127.0.0.1'],
    ['::FFFF:7F00:0001', '127.0.0.1'],
    ['0:0:0:0:0:ffff:7f00:1', '127.0.0.1'],
    ['[::ffff:c633:6401]:80', '198.51.100.1'],
    ['64:ff9b::c633:6401', '198.51.100.1'],
    ['::1', '::1'],
    ['unknown', undefined],
    ['_hidden', undefined],
    ['', undefined],
    ['198.51.100.1:', undefined],
    ['198.51.100.1:123456', undefined],
    ['198.51.100', undefined],
    ['2001:db8::1::2', undefined],
    ['for=198.51.100.1', undefined],
    ['[198.51.100.1]', undefined],
  ])('%s is %s', (text, address) => {
    expect(parseIpAddress(text)).toBe(address);
  });

  it('is the same however IPv4 is mapped', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat({ max: 65_535 }), (address, port) => {
        const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
        const hex = `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
        for (const text of [
          `${address}:${port}`,
          `::ffff:${address}`,
          `::ffff:${hex}`,
          `[::FFFF:${hex}]:${port}`,
        ])
          expect(parseIpAddress(text)).toBe(address);
      }),
    );
  });
});
