import { describe, expect, it } from '@jest/globals';
import { sessionOfAnswer, SessionReader } from './session.js';

const tokenOf = (claims: object): string =>
  ['{"alg":"HS256"}', JSON.stringify(claims), 'signature']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
const answerWith = (fam: string): string => {
  const [access_token, refresh_token] = ['access', 'refresh'].map((type) =>
    tokenOf({ type, fam, client_id: 'device', iat: 1, exp: 2 }),
  );
  return JSON.stringify({ data: { access_token, refresh_token } });
};

describe('SessionReader', () => {
  it('reads the same session again, as sessionOfAnswer does', () => {
    const reader = new SessionReader();
    const expected = sessionOfAnswer(answerWith('one'), 'device');
    expect(expected).toMatchObject({ familyId: 'one', plainPair: { accessToken: expect.any(String) } });
    for (let time = 0; time < 2; time++) expect(reader.read(answerWith('one'), 'device')).toEqual(expected);
  });

  it('refuses an answer that names another client, though its tokens are those of the last time', () => {
    const reader = new SessionReader();
    const text = answerWith('one');
    reader.read(text, 'device');
    const foreign = JSON.stringify({ ...(JSON.parse(text) as object), client_id: 'other' });
    expect(() => reader.read(foreign, 'device')).toThrow("is another client's");
  });

  it('reads other tokens of the same client, and forgets nothing by a closed record', () => {
    const reader = new SessionReader();
    const closed = '{"data":{"access_token":null,"refresh_token":null}}';
    reader.read(answerWith('one'), 'device');
    expect(reader.read(closed, 'device')).toBeUndefined();
    expect(reader.read(answerWith('two'), 'device')?.familyId).toBe('two');
    expect(reader.read(answerWith('one'), 'device')?.familyId).toBe('one');
  });

  it("does not take one client's text for another's", () => {
    const reader = new SessionReader();
    reader.read(answerWith('one'), 'device');
    expect(() => reader.read(answerWith('one'), 'other')).toThrow("another client's tokens");
  });
});
