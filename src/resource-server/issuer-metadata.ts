import type { JsonObject } from '../json.js';
import { IssuerFault, type IssuerHttp } from './issuer-http.js';
import { isLoopback, issuerUrlFault } from './issuer-url.js';

/** Endpoints that are read from metadata. */
export type EndpointName = 'jwks_uri' | 'introspection_endpoint';

/** How long metadata counts, in milliseconds. */
const KEPT_MS = 3_600_000;

/** Finds where the issuer's endpoints are: by RFC 8414, else by OpenID Connect Discovery. Believes its own issuer only. */
export class IssuerMetadata {
  readonly #issuer: string;
  readonly #http: IssuerHttp;
  readonly #now: () => number;
  #known: { readonly document: JsonObject; readonly at: number } | undefined;
  #inFlight: Promise<JsonObject> | undefined;

  /** @param now milliseconds since the epoch */
  constructor(issuer: string, http: IssuerHttp, now: () => number) {
    this.#issuer = issuer;
    this.#http = http;
    this.#now = now;
  }

  /** @throws IssuerFault it could not be found out */
  async endpoint(name: EndpointName): Promise<string> {
    const url = (await this.#document())[name];
    const fault = issuerUrlFault(url);
    if (fault !== undefined) throw new IssuerFault(`${name} in the metadata of ${this.#issuer} ${fault}`);
    // Whoever is elsewhere has no business with what listens on this machine only.
    if (isLoopback(url as string) && !isLoopback(this.#issuer))
      throw new IssuerFault(`${name} in the metadata of ${this.#issuer} is on a loopback address`);
    return url as string;
  }

  /** What was found may be out of date. */
  forget(): void {
    this.#known = undefined;
  }

  async #document(): Promise<JsonObject> {
    const known = this.#known;
    const age = this.#now() - (known?.at ?? 0);
    if (known && age >= 0 && age < KEPT_MS) return known.document;
    this.#inFlight ??= this.#find().finally(() => (this.#inFlight = undefined));
    return this.#inFlight;
  }

  async #find(): Promise<JsonObject> {
    const faults: string[] = [];
    for (const url of metadataUrls(this.#issuer)) {
      try {
        const { document } = await this.#http.get(url);
        if (document['issuer'] === this.#issuer) {
          this.#known = { document, at: this.#now() };
          return document;
        }
        faults.push(`${url} is the metadata of another issuer; issuers are compared exactly`);
      } catch (error) {
        if (!(error instanceof IssuerFault)) throw error;
        faults.push(error.message);
        // An issuer that cannot be reached is not reached at its other address either.
        if (error.status === undefined) break;
      }
    }
    throw new IssuerFault(faults.join('; '));
  }
}

/** @see RFC 8414 section 3.1; OpenID Connect Discovery 1.0 section 4 */
function metadataUrls(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/+$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
  ];
}
