import { describe, expect, it } from '@jest/globals';
import { clientSecretHash } from '../config/client-secret.js';
import type { ClientRecord } from '../sessions/client-record.js';
import { withLatestSecret, withSecret } from './client-editing.js';

describe('the secrets of a client', () => {
  const client = { clientId: 'billing', secretHashes: ['sha256:of the first'] } as unknown as ClientRecord;
  const rotated = withSecret(client, 'second');

  it('are the latest two after a rotation', () => {
    expect(rotated.secretHashes).toEqual(['sha256:of the first', clientSecretHash('second')]);
    expect(withSecret(rotated, 'third').secretHashes).toEqual(['second', 'third'].map(clientSecretHash));
  });

  it('are the latest alone once the old one is dropped', () => {
    expect(withLatestSecret(rotated).secretHashes).toEqual([clientSecretHash('second')]);
    expect(withSecret(rotated, 'third', false).secretHashes).toEqual([clientSecretHash('third')]);
  });
});
