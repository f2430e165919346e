import type { INestApplicationContext } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { CryptoKeyNotSetError } from '../errors.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { TokenPair } from '../sessions/session-record.js';
import { issuerClaims } from '../tokens/claim-rules.js';
import { TokenCodecs } from '../tokens/codecs/token-codecs.js';
import { mintPair, newFamilyId } from '../tokens/token-minter.js';

const HOUR = 3600;

/** A pair that was good until an hour ago. It is signed as the application signs, and no session has it. */
export async function expiredPair(app: INestApplicationContext, clientId: string): Promise<TokenPair> {
  const keys = app.get<ActiveKeyRing | undefined>(ActiveKeyRing);
  if (!keys) throw new CryptoKeyNotSetError();
  const config = app.get<FastauthConfig>(FASTAUTH_CONFIG);
  const end = Math.floor(app.get(Clock).now() / 1000) - config.clockTolerance - HOUR;
  const { pair } = await mintPair(new TokenCodecs(keys, config), {
    clientId,
    familyId: newFamilyId(end - HOUR),
    generation: 0,
    issuedAt: end - HOUR,
    accessExpiresAt: end,
    refreshExpiresAt: end,
    issuerClaims: issuerClaims(config, clientId),
    claims: {},
  });
  return pair;
}

/** The token with another signature, or another secret part. */
export function forged(token: string): string {
  const at = token.length - 8;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}
