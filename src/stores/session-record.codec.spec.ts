import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { StoreUnavailableError } from '../errors.js';
import { decodeSessionRecord, encodeSessionRecord, trailerOf } from './session-record.codec.js';

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const times = fc.double({ min: 0, noNaN: true });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const records = fc.record({
  clientId: fc.constant('client'),
  familyId: fc.constant('family'),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  accessHash: hashes,
  accessExpiresAt: times,
  refreshHash: hashes,
  refreshExpiresAt: times,
  createdAt: times,
  previousRefreshHash: optional(hashes),
  rotatedAt: optional(times),
  revokedAt: optional(times),
  label: optional(fc.string({ unit: 'grapheme' })),
  sealedPair: optional(fc.string({ maxLength: 2000 })),
  kid: optional(fc.string({ maxLength: 64 })),
  claims: optional(fc.json()),
});

describe('session record codec', () => {
  it('gives back every record exactly', () => {
    fc.assert(
      fc.property(records, (record) => {
        expect(decodeSessionRecord(encodeSessionRecord(record), 'client', 'family')).toEqual(record);
      }),
    );
  });

  it("gives back a store's own bytes, and the record as it is without them", () => {
    fc.assert(
      fc.property(records, fc.uint8Array({ minLength: 16, maxLength: 16 }), (record, own) => {
        const bytes = encodeSessionRecord(record, Buffer.from(own));
        expect(decodeSessionRecord(bytes, 'client', 'family')).toEqual(record);
        expect(trailerOf(bytes, own.length)).toEqual(Buffer.from(own));
        expect(trailerOf(encodeSessionRecord(record), own.length)).toBeUndefined();
      }),
    );
  });

  it('takes 98 bytes for a fresh session', () => {
    const [fresh] = fc.sample(records, 1);
    const bare = {
      previousRefreshHash: undefined,
      rotatedAt: undefined,
      revokedAt: undefined,
      label: undefined,
      sealedPair: undefined,
      kid: undefined,
      claims: undefined,
    };
    expect(fresh && encodeSessionRecord({ ...fresh, ...bare })).toHaveLength(98);
  });

  it('answers every damage with unavailable, never with another record', () => {
    const damages = fc.tuple(records, fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(damages, ([record, at, bits]) => {
        const bytes = encodeSessionRecord(record);
        const index = at % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(index) ^ bits, index);
        expect(() => decodeSessionRecord(bytes, 'client', 'family')).toThrow(StoreUnavailableError);
        const cut = encodeSessionRecord(record).subarray(0, index);
        expect(() => decodeSessionRecord(cut, 'client', 'family')).toThrow(StoreUnavailableError);
      }),
    );
  });

  it.each(['', 'short', 'x'.repeat(44), `${'A'.repeat(42)}B`, `${'A'.repeat(42)}=`])(
    'refuses %p as a hash',
    (hash) => {
      const [record] = fc.sample(records, 1);
      expect(() => record && encodeSessionRecord({ ...record, accessHash: hash })).toThrow(TypeError);
    },
  );
});
