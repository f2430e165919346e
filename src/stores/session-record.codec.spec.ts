import { describe, expect, it } from '@jest/globals';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { StoreUnavailableError } from '../errors.js';
import { decodeSessionRecord, encodeSessionRecord, trailerOf } from './session-record.codec.js';

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'));
const times = fc.double({ min: 0, noNaN: true });
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const refreshHalves = fc.record({ refreshHash: hashes, refreshExpiresAt: times });
const accessOnly = fc.constant({ refreshHash: undefined, refreshExpiresAt: undefined });
const common = fc.record({
  clientId: fc.constant('client'),
  familyId: fc.constant('family'),
  generation: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  accessHash: hashes,
  accessExpiresAt: times,
  createdAt: times,
  isBeginningUnknown: optional(fc.constant(true)),
  previousRefreshHash: optional(hashes),
  rotatedAt: optional(times),
  revokedAt: optional(times),
  label: optional(fc.string({ unit: 'grapheme' })),
  sealedPair: optional(fc.string({ maxLength: 2000 })),
  kid: optional(fc.string({ maxLength: 64 })),
  claims: optional(fc.json()),
  scope: optional(fc.string({ maxLength: 200 })),
});
const records = fc
  .tuple(common, fc.oneof(refreshHalves, accessOnly))
  .map(([record, refresh]) => ({ ...record, ...refresh }));

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
      scope: undefined,
      isBeginningUnknown: undefined,
      refreshHash: fresh?.accessHash,
      refreshExpiresAt: 1,
    };
    expect(fresh && encodeSessionRecord({ ...fresh, ...bare })).toHaveLength(98);
  });

  it('reads what version 1 wrote, and writes what version 1 can read', () => {
    const sameHash = (byte: number) => Buffer.alloc(32, byte).toString('base64url');
    const written = Buffer.from(
      'AX8AAAAHQd3NZRkAAABB3c1l+gAAAEHdzWQGAAAAAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQECAgICAgICAgICAgICAgIC' +
        'AgICAgICAgICAgICAgICAgMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDQd3NZQAQAABB3c1lAEAAAAAAAANBZGEAAAAGc2Vh' +
        'bGVkAAAABWtleS0xAAAAB3siYSI6MX3LwGsy',
      'base64',
    );
    const record = decodeSessionRecord(written, 'client', 'family');
    expect(record).toEqual({
      clientId: 'client',
      familyId: 'family',
      generation: 7,
      accessHash: sameHash(1),
      accessExpiresAt: 2_000_000_100,
      refreshHash: sameHash(2),
      refreshExpiresAt: 2_000_001_000,
      previousRefreshHash: sameHash(3),
      rotatedAt: 2_000_000_000.25,
      sealedPair: 'sealed',
      createdAt: 1_999_999_000,
      revokedAt: 2_000_000_001,
      label: 'Ada',
      kid: 'key-1',
      claims: '{"a":1}',
      scope: undefined,
    });
    expect(encodeSessionRecord(record)).toEqual(written);
  });

  it('refuses a version that it does not know', () => {
    const [record] = fc.sample(records, 1);
    const bytes = record ? encodeSessionRecord(record) : Buffer.alloc(0);
    bytes[0] = 3;
    bytes.writeUInt32BE(crc32(bytes.subarray(0, -4)), bytes.length - 4);
    expect(() => decodeSessionRecord(bytes, 'client', 'family')).toThrow('another version of fastauth');
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
