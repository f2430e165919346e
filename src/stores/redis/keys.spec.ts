import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeFamily, RedisKeys } from './keys.js';

const text = fc.string({
  unit: fc.oneof(fc.constantFrom(...'{}:%*?[]/\\ \n\0a'), fc.string({ unit: 'grapheme' })),
});
const clientIds = text.filter((clientId) => clientId !== '');

/** What decides on the hash slot (Redis Cluster specification, "Hash tags"). */
function hashTag(key: string): string {
  const start = key.indexOf('{');
  const end = key.indexOf('}', start + 1);
  return start === -1 || end <= start + 1 ? key : key.slice(start + 1, end);
}

function sessionKey(appName: string, clientId: string, familyId: string): string {
  const at = new RedisKeys(appName).ofClient(clientId);
  return `${at?.sessions}${encodeFamily(familyId)}`;
}

describe('RedisKeys', () => {
  it('gives all keys of a client one hash slot', () => {
    fc.assert(
      fc.property(text, clientIds, text, text, (appName, clientId, family, other) => {
        const at = new RedisKeys(appName).ofClient(clientId);
        const keys = [
          at?.index ?? '',
          sessionKey(appName, clientId, family),
          sessionKey(appName, clientId, other),
        ];
        expect(new Set(keys.map(hashTag))).toEqual(new Set([encodeURIComponent(clientId)]));
      }),
    );
  });

  it('gives different sessions different keys, and reads them back', () => {
    const session = fc.tuple(text, clientIds, text);
    fc.assert(
      fc.property(session, session, (one, other) => {
        const key = sessionKey(...one);
        if (one.join('\n') !== other.join('\n')) expect(key).not.toBe(sessionKey(...other));
        const [appName, clientId, familyId] = one;
        const keys = new RedisKeys(appName);
        expect(keys.parse(key)).toEqual({ clientId, familyId });
        expect(keys.parse(keys.ofClient(clientId)?.index ?? '')).toBeUndefined();
        if (other[0] !== appName) expect(new RedisKeys(other[0]).parse(key)).toBeUndefined();
      }),
    );
  });

  it.each(['', '\ud800', 'a\udc00'])('has no key for the client identifier %j', (clientId) => {
    expect(new RedisKeys('app').ofClient(clientId)).toBeUndefined();
  });
});
