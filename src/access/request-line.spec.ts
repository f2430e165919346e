import { describe, expect, it } from '@jest/globals';
import { toldRequestLine } from './request-line.js';

describe('a request line, as told', () => {
  it.each([
    ['/a/b?access_token=x', '/a/b'],
    ['/a#access_token=x', '/a'],
    ['http://user:x@host/a?b', '/a'],
    ['http://user:x@host?b', '/'],
    ['host:443', 'host:443'],
    ['*', '*'],
    ['/', '/'],
    // Namespaces of socket.io may hold anything.
    ['/\x1b[31m\x9b\u202e\u2028\ud800', '/\uFFFD[31m\uFFFD\uFFFD\uFFFD\uFFFD'],
    [`/${'x'.repeat(41)}/b`, '/…/b'],
    ['/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f', '/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f'],
    ['/x'.repeat(200), `${'/x'.repeat(128)}…`],
  ])('of %j has the path %j', (url, path) => {
    expect(toldRequestLine({ method: 'GET', url })).toEqual({ method: 'GET', path });
  });

  it('has the path from before it was rewritten', () => {
    expect(toldRequestLine({ method: 'GET', url: '/a', originalUrl: '/mounted/a?b' }).path).toBe(
      '/mounted/a',
    );
  });

  it('of what is no request is unknown', () => {
    expect(toldRequestLine({})).toEqual({ method: undefined, path: undefined });
  });
});
