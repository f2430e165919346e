import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FastauthConfig } from '../../src/config/fastauth-config.js';
import { FastauthEvents } from '../../src/events/fastauth-events.js';
import { importSecret } from '../../src/keys/import-key.js';
import { KeyRing } from '../../src/keys/key-ring.js';
import { ActiveKeyRing } from '../../src/keys/active-key-ring.js';
import { MemoryTokenStore } from '../../src/stores/memory/memory.store.js';
import type { ForeignTokens } from '../../src/tokens/foreign-tokens.js';
import { TokenFault } from '../../src/tokens/token-fault.js';
import { TokenService } from '../../src/tokens/token.service.js';
import { FakeClock } from '../support/fake-clock.js';
import { freshKey } from '../support/rings.js';
import { testConfig } from '../support/test-config.js';
import { base64url } from '../support/token-forgery.js';

const LONGEST = 8192;
const SHORTEST = 400;
const MOST_TIMES = 3;

const secret = importSecret('a secret of the tests, thirty-two bytes or more');

function serviceWith(config: Partial<FastauthConfig>, ring: KeyRing, foreign?: ForeignTokens): TokenService {
  return new TokenService(
    testConfig(config),
    new ActiveKeyRing(ring),
    new MemoryTokenStore(),
    new FakeClock(),
    new FastauthEvents(),
    undefined,
    foreign,
  );
}

/** Canonical base64url text of about so many characters. */
const bytesText = (length: number): string => {
  const count = Math.max(1, Math.floor((length * 3) / 4));
  return randomBytes(count).toString('base64url');
};

function forgedJwt(length: number): string {
  const header = base64url('{"alg":"HS256","typ":"JWT"}');
  return `${header}.${bytesText(length - header.length - 45)}.${bytesText(43)}`;
}

const JWE_HEADER = base64url(`{"alg":"dir","enc":"A256GCM","typ":"JWT","cty":"JWT"}`);

function forgedJwe(length: number): string {
  return `${JWE_HEADER}..${bytesText(16)}.${bytesText(length - JWE_HEADER.length - 42)}.${bytesText(22)}`;
}

function forgedOpaque(length: number): string {
  const hint = createHash('sha256').update(secret.kid).digest().subarray(0, 4);
  const body = `fa_at_${Buffer.concat([hint, randomBytes(Math.floor(((length - 12) * 3) / 4) - 4)]).toString('base64url')}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return body + checksum.toString('base64url');
}

/** Texts that a parser might choke on, of about so many characters. */
const json = fc.oneof(
  fc.constant((n: number) => `{"alg":${'['.repeat(n / 2)}${']'.repeat(n / 2)}}`),
  fc.constant((n: number) => `{"alg":${'{"a":'.repeat(n / 6)}1${'}'.repeat(n / 6)}}`),
  fc.constant((n: number) => `{"alg":${'['.repeat(n)}`),
  fc.constant((n: number) => `{"alg":"HS256","kid":"${'k'.repeat(n)}"}`),
  fc.constant((n: number) => `{"alg":"HS256","kid":"${'\\u0061'.repeat(n / 6)}"}`),
  fc.constant((n: number) => `{"alg":"${'\\ud800'.repeat(n / 6)}"}`),
  fc.constant((n: number) => `{"alg":"HS256","typ":"${'\ud83d\ude00'.repeat(n / 4)}"}`),
  fc.constant((n: number) => `{${Array.from({ length: n / 10 }, (_, k) => `"k${k}":1`).join(',')}}`),
  fc.constant((n: number) => `{${Array.from({ length: n / 6 }, () => '"a":1').join(',')}}`),
  fc.constant((n: number) => `{${Array.from({ length: n / 8 }, (_, k) => `"${k}":1`).join(',')}}`),
  fc.constant((n: number) => `{"alg":[${Array.from({ length: n / 3 }, () => '{}').join(',')}]}`),
  fc.constant((n: number) => `{"alg":${'1'.repeat(n)}}`),
  fc.constant((n: number) => `{"alg":1e${'9'.repeat(n)}}`),
  fc.constant((n: number) => `{${' '.repeat(n)}}`),
  fc.constant((n: number) => `{"alg":"dir","enc":"A256GCM","cty":"JWT","epk":${'{"kty":'.repeat(n / 8)}`),
  fc.jsonValue({ maxDepth: 40 }).map((value) => (n: number) => JSON.stringify({ alg: value }).padEnd(n)),
);

const hostileText = fc.constantFrom(
  ' ',
  '\n',
  '=',
  '+',
  '/',
  '\u0100',
  '\ud800',
  '\ud83d\ude00',
  '!',
  '.',
  '..A',
  'A.',
  'fa_',
  '%',
  '\0',
);

const length = fc.integer({ min: SHORTEST, max: LONGEST });

/** Tokens of any shape. */
const token = fc.oneof(
  fc
    .tuple(json, length, fc.constantFrom('.e30.AA', '....', '..A.A.A', '.e30.', ''))
    .map(([text, n, rest]) => `${base64url(text(Math.floor((n * 3) / 4) - 40))}${rest}`),
  // In the place of the payload, and of the content.
  fc
    .tuple(json, length)
    .map(
      ([text, n]) =>
        `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(text(Math.floor((n * 3) / 4) - 90))}.${bytesText(43)}`,
    ),
  fc
    .tuple(json, length)
    .map(
      ([text, n]) =>
        `${JWE_HEADER}..${bytesText(16)}.${base64url(text(Math.floor((n * 3) / 4) - 120))}.${bytesText(22)}`,
    ),
  // Headers just short of their limit.
  fc
    .tuple(json, length)
    .map(([text, n]) => `${base64url(text(420).slice(0, 512))}.${bytesText(n - 760)}.${bytesText(43)}`),
  fc
    .tuple(json, length)
    .map(
      ([text, n]) =>
        `${base64url(text(420).slice(0, 512))}..${bytesText(16)}.${bytesText(n - 760)}.${bytesText(22)}`,
    ),
  fc.tuple(hostileText, length).map(([text, n]) => text.repeat(Math.ceil(n / text.length)).slice(0, n)),
  fc.tuple(hostileText, hostileText, length).map(([one, two, n]) => `A${one}A${two}`.repeat(n).slice(0, n)),
  fc
    .tuple(hostileText, length)
    .map(
      ([text, n]) => `${base64url('{"alg":"HS256"}')}.${text.repeat(n).slice(0, n - 70)}.${bytesText(43)}`,
    ),
  fc.tuple(hostileText, length).map(([text, n]) => `fa_at_${text.repeat(n).slice(0, n - 6)}`),
  length.map((n) => `fa_rt_${bytesText(n - 6)}`),
  length.map((n) => forgedOpaque(n).replace('fa_at_', 'fa_rt_')),
);

const median = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] as number;

/** How many times as long as the other one this token takes, by the medians of turns of so many checks that alternate. */
async function ratio(
  service: TokenService,
  candidate: string,
  forged: string,
  checks: number,
): Promise<number> {
  const times: [number[], number[]] = [[], []];
  for (let turn = 0; turn < 9; turn++) {
    for (const [index, text] of [candidate, forged].entries()) {
      const start = performance.now();
      for (let n = 0; n < checks; n++) {
        const found = service.check(text);
        if (found instanceof Promise) await found;
      }
      times[index as 0 | 1].push(performance.now() - start);
    }
  }
  return median(times[0]) / median(times[1]);
}

const otherKey = importSecret('the secret of another application, of thirty-two bytes');
const foreign: ForeignTokens = {
  key: otherKey,
  until: new Date(Date.UTC(2040, 0, 1)),
  map: () => ({ clientId: 'c' }),
};

const CASES: readonly [string, TokenService, (length: number) => string][] = [
  ['jwt', serviceWith({}, new KeyRing([secret])), forgedJwt],
  ['jwt, beside foreign tokens', serviceWith({}, new KeyRing([secret]), foreign), forgedJwt],
  [
    'jwt, of a ring of several keys',
    serviceWith({}, new KeyRing([secret, freshKey('EdDSA', { status: 'verify-only' })])),
    forgedJwt,
  ],
  [
    'jwe',
    serviceWith({ tokenFormat: 'jwe', acceptedTokenFormats: ['jwt'] }, new KeyRing([secret])),
    forgedJwe,
  ],
  [
    'opaque',
    serviceWith({ tokenFormat: 'opaque', acceptedTokenFormats: ['jwt'] }, new KeyRing([secret])),
    forgedOpaque,
  ],
];

describe('what stands before a signature', () => {
  it.each(CASES)(
    `costs any token of up to ${LONGEST} characters at most ${MOST_TIMES} times a forged one of its length: %s`,
    async (_format, service, forge) => {
      await fc.assert(
        fc.asyncProperty(token, async (text) => {
          const candidate = text.slice(0, LONGEST);
          const forged = forge(Math.max(SHORTEST, candidate.length));
          expect(await service.check(forged)).toBeInstanceOf(TokenFault);
          expect(await service.check(candidate)).toBeInstanceOf(TokenFault);
          // A machine that does other things besides, or has not compiled what this token meets, is asked again and longer.
          let times = Infinity;
          for (let checks = 5; checks <= 1280 && times > MOST_TIMES; checks *= 4) {
            times = Math.min(times, await ratio(service, candidate, forged, checks));
          }
          expect(times).toBeLessThanOrEqual(MOST_TIMES);
        }),
        { numRuns: 60 },
      );
    },
    60_000,
  );

  it('is nothing for a token that is longer, not even its digest', async () => {
    const [[, service]] = CASES as [(typeof CASES)[0]];
    const forged = forgedJwt(LONGEST);
    for (const endless of ['x'.repeat(8_000_000), `${forgedJwt(4_000_000)}`]) {
      expect(service.check(endless)).toBe(TokenFault.tooLong);
      expect(service.lastSeen(endless)).toBeUndefined();
      expect(await ratio(service, endless, forged, 5)).toBeLessThan(1);
    }
  });
});
