import { describe, expect, it } from '@jest/globals';
import { legacyFamilyOf } from '../sessions/legacy-family.js';
import type { SessionRecord } from '../sessions/session-record.js';
import { sessionStatusOf, statusOf } from './token-status.js';

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
  it.each<[status: string, stored: SessionRecord | undefined]>([
    ['current', record],
    ['gone', undefined],
    ['gone', { ...record, clientId: 'another' }],
    ['refreshed', { ...record, accessHash: 'a newer one' }],
    ['revoked', { ...record, revokedAt: 1500 }],
    ['revoked', { ...record, revokedAt: 0 }],
    ['revoked', { ...record, revokedAt: 1500, accessHash: 'a newer one' }],
    ['expired', { ...record, kid: 'retired' }],
    ['expired', { ...record, kid: undefined }],
  ])('%s: %j', (status, stored) => {
    expect(statusOf(token, stored, (kid) => kid === 'accepted')).toBe(status);
  });
});

describe('how the session of a token stands that names no family', () => {
  it.each([
    ['current', 'legacy'],
    ['current', legacyFamilyOf('device')],
    ['gone', legacyFamilyOf('another')],
    ['gone', 'family'],
  ])('%s: its record has the family %s', (status, familyId) => {
    const stored = { ...record, familyId, accessHash: 'a newer one' };
    expect(sessionStatusOf({ ...token, familyId: undefined }, stored, () => true)).toBe(status);
  });
});
