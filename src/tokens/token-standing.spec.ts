import { describe, expect, it } from '@jest/globals';
import type { SessionRecord } from '../sessions/session-record.js';
import { standingOf } from './token-standing.js';

const token = { clientId: 'device', familyId: 'family', accessHash: 'the current one' };
const record: SessionRecord = {
  clientId: 'device',
  familyId: 'family',
  generation: 0,
  accessHash: 'the current one',
  accessExpiresAt: 2000,
  refreshHash: 'its refresh token',
  refreshExpiresAt: 3000,
  createdAt: 1000,
  kid: 'accepted',
};

describe('how a token that once verified stands now', () => {
  it.each<[standing: string, stored: SessionRecord | undefined]>([
    ['current', record],
    ['gone', undefined],
    ['gone', { ...record, clientId: 'another' }],
    ['refreshed', { ...record, accessHash: 'a newer one' }],
    ['revoked', { ...record, revokedAt: 1500 }],
    ['revoked', { ...record, revokedAt: 0 }],
    ['revoked', { ...record, revokedAt: 1500, accessHash: 'a newer one' }],
    ['expired', { ...record, kid: 'retired' }],
    ['expired', { ...record, kid: undefined }],
  ])('%s: %j', (standing, stored) => {
    expect(standingOf(token, stored, (kid) => kid === 'accepted')).toBe(standing);
  });
});
