import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

export const AUDIENCE = 'https://orders.example.com';

interface IssuerKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

/** An issuer of the tests: a real HTTP server with metadata, a JWK Set, and introspection. */
export class TestIssuer {
  /** Requests that came, such as `GET /jwks`. */
  readonly calls: string[] = [];
  /** What the JWK Set holds; the last one signs. */
  readonly keys: IssuerKey[] = [];
  /** In place of an answer to any request, or of those to some paths. */
  answer: ((request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>) | undefined;
  /** By token, what introspection answers; others are inactive. */
  readonly tokens = new Map<string, object>();
  readonly introspections: { readonly authorization: string | undefined; readonly form: URLSearchParams }[] =
    [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  url = '';
  path = '';

  /** @param path of its issuer identifier, such as `/realms/x` */
  static async start({ path = '', algorithm = 'ES256' } = {}): Promise<TestIssuer> {
    const issuer = new TestIssuer();
    issuer.path = path;
    await issuer.addKey('k1', algorithm);
    await issuer.listen(0);
    return issuer;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get issuer(): string {
    return this.url + this.path;
  }

  async addKey(kid: string, algorithm = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    const publicJwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
    this.keys.push({ kid, algorithm, privateKey, publicJwk });
  }

  /** Claims that are good at this time, and whatever is laid over them; undefined takes a claim out. */
  claims(now: number, claims: object = {}): Record<string, unknown> {
    const all = {
      iss: this.issuer,
      aud: AUDIENCE,
      sub: 'user-1',
      client_id: 'acme',
      iat: now,
      exp: now + 300,
      ...claims,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  /** Signs with the newest key, or with the one of this index. */
  async sign(
    claims: Record<string, unknown>,
    header: Record<string, unknown> = {},
    index = -1,
  ): Promise<string> {
    const key = this.keys.at(index) as IssuerKey;
    return new SignJWT(claims)
      .setProtectedHeader({ alg: key.algorithm, typ: 'JWT', kid: key.kid, ...header })
      .sign(key.privateKey);
  }

  /** Stops to serve, connections too; `listen` with the same port brings it back. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((done) => this.#server.close(() => done()));
  }

  countOf(call: string): number {
    return this.calls.filter((other) => other === call).length;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.calls.push(`${request.method} ${path}`);
    if (await this.answer?.(request, response)) return;
    if (path === `/.well-known/oauth-authorization-server${this.path}`) {
      sendJson(response, {
        issuer: this.issuer,
        jwks_uri: `${this.url}/jwks`,
        introspection_endpoint: `${this.url}/introspect`,
      });
    } else if (path === '/jwks') {
      sendJson(response, { keys: this.keys.map(({ publicJwk }) => publicJwk) });
    } else if (path === '/introspect') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      this.introspections.push({ authorization: request.headers.authorization, form });
      sendJson(response, this.tokens.get(form.get('token') ?? '') ?? { active: false });
    } else {
      response.writeHead(404).end();
    }
  }
}

export function sendJson(response: ServerResponse, body: object, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
}
