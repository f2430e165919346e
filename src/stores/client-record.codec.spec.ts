import { describe, expect, it } from '@jest/globals';
import { StoreUnavailableError } from '../errors.js';
import type { StoredClient } from '../sessions/client-store.js';
import { ClientDecoder, decodeClient, encodeClient } from './client-record.codec.js';

const CLIENT: StoredClient = {
  clientId: 'billing',
  revision: Buffer.alloc(16, 1).toString('base64url'),
  name: undefined,
  authenticationMethod: 'client_secret_basic',
  secretHashes: ['hash'],
  publicKeys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x' }],
  grants: ['client_credentials'],
  scopes: ['devices:read'],
  audiences: [],
  mayIntrospect: false,
  isEnabled: true,
  accessTokenExpiresIn: undefined,
};

describe('ClientDecoder', () => {
  it('answers as decodeClient does, with the same object for the same bytes', () => {
    const decoder = new ClientDecoder();
    const bytes = encodeClient(CLIENT);
    const client = decoder.decode(bytes, 'billing');
    expect(client).toEqual(decodeClient(bytes, 'billing'));
    expect(decoder.decode(Buffer.from(bytes), 'billing')).toBe(client);
  });

  it('sees every change at once, in a buffer that is used again, too', () => {
    const decoder = new ClientDecoder();
    const shared = Buffer.alloc(1000);
    const read = (client: StoredClient): StoredClient => {
      const bytes = encodeClient(client);
      bytes.copy(shared);
      return decoder.decode(shared.subarray(0, bytes.length), 'billing');
    };
    expect(read(CLIENT).isEnabled).toBe(true);
    expect(read({ ...CLIENT, isEnabled: false }).isEnabled).toBe(false);
    expect(read({ ...CLIENT, revision: Buffer.alloc(16, 2).toString('base64url') }).isEnabled).toBe(true);
    shared[0] = 9;
    expect(() => decoder.decode(shared, 'billing')).toThrow(StoreUnavailableError);
  });

  it('answers with nothing that a caller could change for others', () => {
    const { scopes, publicKeys } = new ClientDecoder().decode(encodeClient(CLIENT), 'billing');
    expect(() => (scopes as string[]).push('all')).toThrow(TypeError);
    expect(() => Object.assign(publicKeys[0] as object, { x: 'y' })).toThrow(TypeError);
  });

  it('tells clients of the same bytes apart', () => {
    const decoder = new ClientDecoder();
    const bytes = encodeClient(CLIENT);
    expect(decoder.decode(bytes, 'billing').clientId).toBe('billing');
    expect(decoder.decode(bytes, 'other').clientId).toBe('other');
  });
});
