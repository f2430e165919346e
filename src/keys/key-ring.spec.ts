import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { importJwk, importSecret } from './import-key.js';
import { KeyRing } from './key-ring.js';
import { ActiveKeyRing } from './active-key-ring.js';
import type { RingKey } from './ring-key.js';

const text = (name: string): string => `${name}, a secret of thirty-two bytes or more`;
const secret = (name: string, role: Parameters<typeof importSecret>[1] = {}): RingKey =>
  importSecret(text(name), role);
const pair = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
const edKey = (role: Parameters<typeof importJwk>[1] = {}): RingKey =>
  importJwk(pair, { algorithm: 'EdDSA', ...role });

describe('KeyRing', () => {
  it('of one key takes tokens with its kid or without one, and writes none', () => {
    const key = secret('a', { acceptsMissingKid: false });
    const ring = new KeyRing([key]);
    expect(ring.candidates(undefined)).toEqual([key]);
    expect(ring.candidates(key.kid)).toEqual([key]);
    expect(ring.candidates('other')).toEqual([]);
    expect(ring.candidates('__proto__')).toEqual([]);
    expect(ring.writesKid).toBe(false);
  });

  it('of several keys writes kid, and tries tokens without one against the keys that are marked for it', () => {
    const old = secret('old', { status: 'verify-only' });
    const signing = edKey({ acceptsMissingKid: false });
    const ring = new KeyRing([old, signing]);
    expect(ring.signingKey).toBe(signing);
    expect(ring.candidates(undefined)).toEqual([old]);
    expect(ring.candidates(signing.kid)).toEqual([signing]);
    expect(ring.writesKid).toBe(true);
  });

  it('derives encryption keys from its secrets, and decrypts with them beside one of its own', () => {
    const derived = new KeyRing([secret('a')]);
    expect(derived.encryptionKey).toMatchObject({ algorithm: 'dir', kid: derived.signingKey.kid });
    expect(derived.encryptionKey?.issuingKey.equals(derived.signingKey.issuingKey)).toBe(false);
    expect(new KeyRing([edKey()]).encryptionKey).toBeUndefined();
    const own = importJwk({ kty: 'oct', k: Buffer.alloc(32, 1).toString('base64url'), alg: 'dir' });
    const both = new KeyRing([secret('a'), own]);
    expect(both.encryptionKey).toBe(own);
    expect(both.decryptionCandidates(derived.signingKey.kid)).toHaveLength(1);
    const coming = new KeyRing([secret('a'), { ...own, status: 'next' }]);
    expect(coming.encryptionKey).toMatchObject({ kid: derived.signingKey.kid });
  });

  it('encrypts with a key derived from a secret that no longer signs, but not from one that ends', () => {
    const old = secret('a', { status: 'verify-only' });
    expect(new KeyRing([old, edKey()]).encryptionKey).toMatchObject({ algorithm: 'dir', kid: old.kid });
    expect(new KeyRing([{ ...old, verifyUntil: 5 }, edKey()]).encryptionKey).toBeUndefined();
  });

  it.each<[string, () => RingKey[], RegExp]>([
    ['no key', () => [], /no signing key/],
    ['no signing key', () => [secret('a', { status: 'next' })], /no signing key/],
    ['two signing keys', () => [secret('a'), secret('b')], /2 signing keys/],
    [
      'a kid twice',
      () => [secret('a', { kid: 'k' }), secret('b', { kid: 'k', status: 'next' })],
      /kid "k" twice/,
    ],
    [
      'a secret for two algorithms',
      () => [secret('a'), importSecret(text('a'), { kid: 'second', status: 'next' })],
      /"second" is in the key ring twice; one key is for one algorithm/,
    ],
  ])('refuses %s', (_name, keys, sentence) => {
    expect(() => new KeyRing(keys())).toThrow(sentence);
  });

  it('knows whether a text is one of its secrets', () => {
    const ring = new KeyRing([secret('a'), edKey({ status: 'next' })]);
    expect(ring.holdsSecret(text('a'))).toBe(true);
    expect(ring.holdsSecret(text('b'))).toBe(false);
    expect(ring.holdsSecret('')).toBe(false);
  });
});

describe('ActiveKeyRing', () => {
  it('reads its keys again at most once in 30 seconds, and once for all who ask at the same time', async () => {
    let now = 0;
    let reads = 0;
    const [first, second] = [KeyRing.fromSecret(text('a')), KeyRing.fromSecret(text('b'))];
    const keys = new ActiveKeyRing(first, { now: () => now, load: async () => (reads++, second) });
    expect(await Promise.all([keys.reload(), keys.reload()])).toEqual([true, true]);
    expect(reads).toBe(1);
    expect(keys.current).toBe(second);
    now = 29_999;
    expect(keys.reload()).toBeUndefined();
    now = 30_000;
    expect(await keys.reload()).toBe(false);
    expect(reads).toBe(2);
  });

  it('tells of each other ring, whoever put it in force', async () => {
    const [first, second] = [KeyRing.fromSecret(text('a')), KeyRing.fromSecret(text('b'))];
    const keys = new ActiveKeyRing(first, { now: () => 0, load: async () => first });
    const heard: KeyRing[] = [];
    const stop = keys.onChange(() => heard.push(keys.current));
    keys.replace(first);
    keys.replace(second);
    await keys.reload();
    stop();
    keys.replace(second);
    expect(heard).toEqual([second, first]);
  });

  it('keeps its ring when the keys cannot be read', async () => {
    const ring = KeyRing.fromSecret(text('a'));
    const keys = new ActiveKeyRing(ring, { now: () => 0, load: () => Promise.reject(new Error('gone')) });
    expect(await keys.reload()).toBe(false);
    expect(keys.current).toBe(ring);
    expect(new ActiveKeyRing(ring).reload()).toBeUndefined();
  });
});
