import { describe, expect, it } from '@jest/globals';
import { nameByPython } from './names.js';

describe('the name under which the original stores a client', () => {
  it.each([
    ['ada+phone', 'ada phone'],
    ['100%41', '100A'],
    ['a%2Bb', 'a+b'],
    ['%C3%A9', 'é'],
  ])('of %j is %j', (clientId, name) => {
    expect(nameByPython(clientId)).toBe(name);
  });

  it.each(['ada', 'a b', '100%', '%zz', 'é', 'a=b', 'a;b'])('of %j is the identifier itself', (clientId) => {
    expect(nameByPython(clientId)).toBeUndefined();
  });

  it.each(['x&client_id=victim', 'victim#x', 'a+b&c'])("of %j would be somebody else's", (clientId) => {
    expect(nameByPython(clientId)).toBeUndefined();
  });
});
