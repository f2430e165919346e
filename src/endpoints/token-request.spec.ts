import { describe, expect, it } from '@jest/globals';
import { parseForm } from './form.js';
import { readParameter, type TokenRequest } from './token-request.js';

const post = (body: object, url = '/auth/token'): TokenRequest => ({
  method: 'POST',
  url,
  headers: {},
  query: {},
  body,
});

describe('readParameter', () => {
  it('reads a parameter that is there once', () => {
    expect(readParameter(post({ client_id: 'a', clientid: 'b' }), 'client_id')).toBe('a');
    expect(readParameter(post({ scope: 'a' }), 'client_id')).toBeUndefined();
  });

  it.each(['clientId', 'Client-ID', 'CLIENT_ID', '_client_id', '-clientid', ' client_id', '\u00a0client_id'])(
    'refuses it written as %j',
    (name) => expect(() => readParameter(post({ [name]: 'a' }), 'client_id')).toThrow(/is how/),
  );

  it('knows letters that become others when they are made small', () => {
    // The Kelvin sign becomes k.
    expect(() => readParameter(post({ 'to\u212Aen': 'a' }), 'token')).toThrow(/is how/);
  });

  it.each(['token[]', 'token[a]'])('refuses it as %s, beside itself, too', (name) => {
    expect(() => readParameter(post({ [name]: 'a' }), 'token')).toThrow(/one text value/);
    expect(() => readParameter(post({ token: 'b', [name]: 'a' }), 'token')).toThrow(/one text value/);
  });

  it.each(['token', 'Token', 'token[]'])('refuses %s in the query of a POST', (name) =>
    expect(() => readParameter(post({}, `/auth/token?${name}=a`), 'token')).toThrow(/token/),
  );
});

describe('parseForm', () => {
  it('gives a name all its values', () => {
    expect(parseForm('a=1&b=x+y%20z&a=2&c&a=3')).toEqual({ a: ['1', '2', '3'], b: 'x y z', c: '' });
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])('reads a parameter of the name %s', (name) => {
    const form = parseForm(`${name}=1&${name}=2`) as object;
    expect(Object.entries(form)).toEqual([[name, ['1', '2']]]);
    expect(Object.getPrototypeOf(form)).toBe(Object.prototype);
  });

  it.each(['a=%', 'a=%ff', '%c3=1'])('refuses %s', (text) => expect(parseForm(text)).toBeUndefined());
});
