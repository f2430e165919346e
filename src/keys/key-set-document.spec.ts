import { describe, expect, it } from '@jest/globals';
import { EMPTY_KEY_SET, withKey, withoutRetired, withRetired } from './key-set-document.js';

const first = { kty: 'oct', kid: 'first' };
const second = { kty: 'oct', kid: 'second' };

describe('a key set document', () => {
  it('gets keys at its end, and is itself left as it is', () => {
    const one = withKey(EMPTY_KEY_SET, first);
    expect(withKey(one, second)).toEqual({ keys: [first, second] });
    expect(one).toEqual({ keys: [first] });
    expect(EMPTY_KEY_SET).toEqual({ keys: [] });
  });

  it('lets go of keys from the second on in which they are refused, and remembers that they are', () => {
    const both = withRetired(withRetired({ keys: [first, second] }, 'first', 10), 'second', 20);
    expect(both.retired).toEqual({ first: 10, second: 20 });
    expect(withoutRetired(both, 9).keys).toEqual([first, second]);
    expect(withoutRetired(both, 10)).toEqual({ keys: [second], retired: { first: 10, second: 20 } });
    expect(withoutRetired(both, 20).keys).toEqual([]);
  });

  it('keeps keys without a name, and those that nobody retired, whatever they are called', () => {
    const keys = [{ kty: 'oct' }, { kty: 'oct', kid: 'constructor' }];
    expect(withoutRetired({ keys }, 100).keys).toEqual(keys);
    expect(withoutRetired({ keys, retired: {} }, 100).keys).toEqual(keys);
  });
});
