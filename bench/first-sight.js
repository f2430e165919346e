// One process: how much CPU the first check of a token takes, store included, beside the bare verification of the same bytes.
import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import { FastauthModule, TokenService } from '../dist/index.js';
import { SECRET } from './lib/bearer-guard.js';
import { listen } from './lib/nest-app.js';
import { trimmedMean } from './lib/statistics.js';

const [algorithm, rounds] = [process.argv[2], Number(process.argv[3])];
const BLOCK = 200;
/** More than are remembered, in turn, so that each is unseen again when it comes back. */
const [TOKENS, REMEMBERED] = [4000, 1000];

const ALGORITHMS = {
  HS256: () => ({
    settings: { cryptographyKey: SECRET },
    bare: createVerifier({ key: SECRET, algorithms: ['HS256'] }),
    prepare: (token) => token,
  }),
  ES256: () => keyPair('ec', { namedCurve: 'P-256' }, 'sha256', { dsaEncoding: 'ieee-p1363' }),
  EdDSA: () => keyPair('ed25519', {}, null),
};

/** node:crypto's own verification, of bytes that were taken apart before. */
function keyPair(type, options, digest, encoding) {
  const { privateKey } = generateKeyPairSync(type, options);
  const key = { key: createPublicKey(privateKey), ...encoding };
  const jwk = { ...privateKey.export({ format: 'jwk' }), alg: algorithm };
  return {
    settings: { cryptographyKeys: [{ kid: 'bench', jwk, status: 'signing' }] },
    bare: ({ input, signature }) => {
      if (!verify(digest, input, key, signature)) throw new Error('a good signature is refused');
    },
    prepare: (token) => {
      const end = token.lastIndexOf('.');
      return {
        input: Buffer.from(token.slice(0, end)),
        signature: Buffer.from(token.slice(end + 1), 'base64url'),
      };
    },
  };
}

const { settings, bare, prepare } = ALGORITHMS[algorithm]();
const app = await listen('fastify', {
  imports: [
    FastauthModule.forRoot({
      configFile: false,
      envFile: false,
      databaseUrl: 'memory:',
      auditLog: 'off',
      verifiedTokenCacheSize: REMEMBERED,
      ...settings,
    }),
  ],
});
const tokens = app.get(TokenService);
const issued = [];
for (let index = 0; index < TOKENS; index++) {
  // As they come from the network: one flat text each.
  const { accessToken } = await tokens.issue({ clientId: `client-${index}` });
  issued.push(Buffer.from(accessToken).toString('latin1'));
}
const prepared = issued.map(prepare);

const sides = {
  check: async (from) => {
    for (let index = from; index < from + BLOCK; index++) {
      const result = await tokens.check(issued[index]);
      if (result.clientId === undefined) throw new Error('a good token is refused');
    }
  },
  bare: async (from) => {
    for (let index = from; index < from + BLOCK; index++) bare(prepared[index]);
  },
};
let place = 0;
async function cpuOf(side, from) {
  const before = process.cpuUsage();
  await sides[side](from);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / BLOCK;
}
async function round() {
  const [one, other] = [place, (place + BLOCK) % TOKENS];
  place = (place + 2 * BLOCK) % TOKENS;
  const first = await cpuOf('bare', one);
  const second = await cpuOf('check', one);
  const third = await cpuOf('check', other);
  const fourth = await cpuOf('bare', other);
  return [(first + fourth) / 2, (second + third) / 2];
}
for (let warmUp = 0; warmUp < 20; warmUp++) await round();
const pairs = [];
while (pairs.length < rounds) pairs.push(await round());
const { misses, hits } = tokens.cacheLookups;
const unseen = misses / (misses + hits);
if (unseen < 0.99) throw new Error(`only ${unseen} of the tokens were unseen`);
console.log(
  JSON.stringify({
    algorithm,
    bare: trimmedMean(pairs.map(([bareTime]) => bareTime)).mean,
    check: trimmedMean(pairs.map(([, checkTime]) => checkTime)).mean,
    ratio: trimmedMean(pairs.map(([bareTime, checkTime]) => checkTime / bareTime)).mean,
    unseen,
    rounds: pairs,
  }),
);
process.exit(0);
