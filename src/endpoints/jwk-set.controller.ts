import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Optional } from '@nestjs/common';
import { Public } from '../access/decorators.js';
import type { JsonWebKey } from '../keys/json-web-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import { documentError } from './document-error.js';
import { EndpointAnswer } from './endpoint-answer.js';
import { Endpoint } from './endpoint.js';
import type { TokenRequest } from './token-request.js';

/**
 * Seconds for which others may keep the set. A rotation publishes its key longer than that before it signs.
 * Also what `fastauth keys rotate` waits by default.
 */
const MAX_AGE = 60;

/** A JWK Set and the tag of its bytes. */
interface TaggedSet {
  readonly tag: string;
  readonly set: { readonly keys: readonly JsonWebKey[] };
}

/**
 * Publishes the keys that verify our tokens, those that do not sign yet among them: public parts of key pairs only, so
 * with secrets (HS256) the set is empty.
 * @see RFC 7517 section 5, RFC 8615
 */
@Controller('.well-known')
export class JwkSetController {
  private readonly sets = new WeakMap<KeyRing, TaggedSet>();

  constructor(@Optional() @Inject(ActiveKeyRing) private readonly keys: ActiveKeyRing | undefined) {}

  @Get('jwks.json')
  @Public()
  @Endpoint(documentError)
  getJwkSet({ headers }: TokenRequest): object {
    const { tag, set } = this.tagged();
    const kept = { 'Cache-Control': `public, max-age=${MAX_AGE}`, ETag: tag };
    return isFresh(headers['if-none-match'], tag)
      ? new EndpointAnswer(304, undefined, kept)
      : new EndpointAnswer(200, set, kept);
  }

  private tagged(): TaggedSet {
    const ring = this.keys?.current;
    if (!ring) return taggedSet([]);
    let tagged = this.sets.get(ring);
    if (!tagged) this.sets.set(ring, (tagged = taggedSet(publicKeys(ring))));
    return tagged;
  }
}

function publicKeys(ring: KeyRing): JsonWebKey[] {
  return ring.keys
    .filter(({ use, acceptingKey }) => use === 'sig' && acceptingKey.type === 'public')
    .map(({ acceptingKey, kid, algorithm, use }) => ({
      ...acceptingKey.export({ format: 'jwk' }),
      kid,
      alg: algorithm,
      use,
    }));
}

function taggedSet(keys: readonly JsonWebKey[]): TaggedSet {
  const set = { keys };
  return { set, tag: `"${createHash('sha256').update(JSON.stringify(set)).digest('base64url')}"` };
}

/** Weak comparison, as for every GET. @see RFC 9110 section 13.1.2 */
function isFresh(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return tags.includes(tag) || tags.includes('*');
}
