import { hash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { TooManyAttemptsError } from '../errors.js';
import { AttemptLimiter } from '../limits/attempt-limiter.js';
import type { AddressSource } from '../limits/client-address.js';
import { clientIdFault } from '../sessions/client-id.js';
import { clientOfAssertion, verifyAssertion } from './client-assertion.js';
import type { ClientCredentials } from './client-credentials.js';
import { ClientRegistry, type RegisteredClient } from './client-registry.js';
import { OAuthRequestError } from './oauth-request.error.js';

/** The same, whatever is wrong: an unknown client, a wrong secret, a disabled client. */
const REFUSAL = 'Client authentication failed';
/** What the secret of nobody is compared with. */
const NO_SECRET = Buffer.alloc(32);

type Secret = Extract<ClientCredentials, { readonly secret: string }>;
type Assertion = Extract<ClientCredentials, { readonly assertion: string }>;

/** Tells which client it is, and counts those that it is not. @see RFC 6749 section 2.3, RFC 7523 section 3 */
@Injectable()
export class ClientAuthenticator {
  constructor(
    @Inject(FASTAUTH_CONFIG) private readonly config: Pick<FastauthConfig, 'issuer' | 'clockTolerance'>,
    private readonly registry: ClientRegistry,
    private readonly limiter: AttemptLimiter,
    private readonly clock: Clock,
  ) {}

  /**
   * @param source where it comes from
   * @throws OAuthRequestError it is no client, or not this one
   * @throws TooManyAttemptsError too many have failed for this client, or from this address
   * @throws StoreUnavailableError
   */
  async authenticate(credentials: ClientCredentials, source: AddressSource): Promise<RegisteredClient> {
    const usedHeader = credentials.method === 'client_secret_basic';
    const clientId =
      credentials.method === 'private_key_jwt'
        ? await clientOfAssertion(credentials.assertion)
        : credentials.clientId;
    const isNamed = clientId !== undefined && clientIdFault(clientId) === undefined;
    const client = isNamed ? await this.registry.find(clientId) : undefined;
    const isRight =
      credentials.method === 'private_key_jwt'
        ? await this.isAssertionOf(clientId, client, credentials)
        : isSecretOf(client, credentials);
    if (client === undefined || !isRight || !client.record.isEnabled) {
      this.count(source, isNamed ? clientId : undefined);
      throw new OAuthRequestError('invalid_client', REFUSAL, usedHeader);
    }
    if (client.record.authenticationMethod !== credentials.method) {
      throw new OAuthRequestError(
        'invalid_client',
        `The client is registered for ${client.record.authenticationMethod}`,
        usedHeader,
      );
    }
    return client;
  }

  /** @throws TooManyAttemptsError */
  private count(source: AddressSource, clientId: string | undefined): void {
    const waits = [
      this.limiter.refused('client', source),
      clientId === undefined ? undefined : this.limiter.failed('client', source, clientId),
    ].filter((wait) => wait !== undefined);
    if (waits.length > 0) throw new TooManyAttemptsError(Math.max(...waits));
  }

  /** @param named whom the assertion says that it is of; verified all the same if that is nobody, as a secret is compared */
  private async isAssertionOf(
    named: string | undefined,
    client: RegisteredClient | undefined,
    { assertion, clientId }: Assertion,
  ): Promise<boolean> {
    const { issuer, clockTolerance } = this.config;
    if (named === undefined || issuer === undefined) return false;
    if (clientId !== undefined && clientId !== named) return false;
    const now = this.clock.now() / 1000;
    const verified = await verifyAssertion(
      assertion,
      { clientId: named, publicKeys: client?.record.publicKeys ?? [] },
      { issuer, now, clockTolerance },
    );
    if (client === undefined || verified === undefined) return false;
    // Of a length of its own, so that nothing else can be the same text.
    const name = `${client.record.clientId.length}:${client.record.clientId}${verified.jti}`;
    const id = `jti:${hash('sha256', name, 'base64url')}`;
    // For as long as any process, whose clock may be behind, may take it.
    const first = await this.registry.useOnce(id, verified.expiresAt + 2 * clockTolerance + 1, now);
    return first === true;
  }
}

/** Takes as long for an unknown client: both places for a secret are always compared. */
function isSecretOf(client: RegisteredClient | undefined, { secret }: Secret): boolean {
  const digest = hash('sha256', secret, 'buffer');
  const [first, second] = client?.record.secretHashes ?? [];
  const isFirst = isHashOf(first, digest);
  const isSecond = isHashOf(second, digest);
  return isFirst || isSecond;
}

function isHashOf(secretHash: string | undefined, digest: Buffer): boolean {
  const expected = secretHash === undefined ? NO_SECRET : Buffer.from(secretHash, 'base64url');
  const isEqual = expected.length === digest.length && timingSafeEqual(expected, digest);
  return isEqual && secretHash !== undefined;
}
