import { afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/json.js';
import type { ClaimMapper } from '../../src/resource-server/trusted-issuer.js';
import { TestIssuer } from '../support/issuer.js';
import { remoteTokens } from '../support/remote-tokens.js';

interface Shape {
  readonly audience: string;
  readonly path: string;
  readonly header: object;
  /** As the vendor's documentation shows them; issuer and times are added. */
  readonly claims: object;
  readonly map?: ClaimMapper;
  readonly principal: object;
}

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** Token shapes of the public documentation of each vendor, with keys and identifiers made here. */
const SHAPES: Record<string, Shape> = {
  'Keycloak, of a user': {
    audience: 'orders',
    path: '/realms/shop',
    header: { typ: 'JWT' },
    claims: {
      auth_time: 1_893_455_900,
      jti: 'onrtac:9d3a6c2e-2c0d-4b8c-9f64-0f6c9f6f1f5e',
      aud: ['orders', 'account'],
      sub: 'd7cdbe40-5ee3-4f6b-9e1a-3d5b6d2f7a11',
      typ: 'Bearer',
      azp: 'shop-frontend',
      session_state: '9e4b9d4e-6b0d-4c6e-8c6b-8c7d4b1d2a3f',
      sid: '9e4b9d4e-6b0d-4c6e-8c6b-8c7d4b1d2a3f',
      acr: '1',
      'allowed-origins': ['https://shop.example.com'],
      realm_access: { roles: ['offline_access', 'uma_authorization'] },
      resource_access: { orders: { roles: ['reader'] }, account: { roles: ['view-profile'] } },
      scope: 'openid profile email',
      email_verified: true,
      preferred_username: 'ada',
    },
    principal: {
      clientId: 'shop-frontend',
      scopes: ['openid', 'profile', 'email'],
      authTime: 1_893_455_900,
      tokenId: 'onrtac:9d3a6c2e-2c0d-4b8c-9f64-0f6c9f6f1f5e',
    },
  },
  'Keycloak, of a service account, roles of the client as scopes': {
    audience: 'orders',
    path: '/realms/shop',
    header: { typ: 'JWT' },
    claims: {
      aud: 'orders',
      typ: 'Bearer',
      azp: 'billing',
      client_id: 'billing',
      clientHost: '10.0.0.7',
      preferred_username: 'service-account-billing',
      resource_access: { orders: { roles: ['orders:read', 'orders:write'] } },
      scope: 'profile email',
    },
    map: ({ resource_access: access }) => ({
      scopes: texts((access as { orders?: { roles?: unknown } } | undefined)?.orders?.roles),
    }),
    principal: { clientId: 'billing', scopes: ['orders:read', 'orders:write'], authTime: undefined },
  },
  'Auth0, its own profile': {
    audience: 'https://api.example.com/orders',
    path: '/',
    header: { typ: 'JWT' },
    claims: {
      sub: 'auth0|6553da60a54af58e29493993',
      aud: ['https://api.example.com/orders', 'https://tenant.auth0.com/userinfo'],
      azp: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
      scope: 'openid profile read:orders',
    },
    principal: { clientId: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja', scopes: ['openid', 'profile', 'read:orders'] },
  },
  'Auth0, RFC 9068 profile, with the permissions of RBAC': {
    audience: 'https://api.example.com/orders',
    path: '/',
    header: { typ: 'at+jwt' },
    claims: {
      sub: 'auth0|6553da60a54af58e29493993',
      aud: 'https://api.example.com/orders',
      client_id: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja',
      jti: '73WakrfVbNJBaAmhQtEeDv',
      scope: 'openid profile',
      permissions: ['read:orders', 'write:orders'],
    },
    map: ({ permissions }) => ({ scopes: texts(permissions) }),
    principal: { clientId: 'K1AUPhZq8mRi0Q0pjhkfu1D7y6KjDQja', scopes: ['read:orders', 'write:orders'] },
  },
  'Auth0, of a machine': {
    audience: 'https://api.example.com/orders',
    path: '/',
    header: { typ: 'JWT' },
    claims: {
      sub: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx@clients',
      aud: 'https://api.example.com/orders',
      azp: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx',
      gty: 'client-credentials',
      scope: 'read:orders',
      permissions: ['read:orders'],
    },
    principal: { clientId: 'awZfdIir8YFdGZWkvCejDoUb7SjTDicx', scopes: ['read:orders'] },
  },
  'Entra ID, v2.0, of a user': {
    audience: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
    path: '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    header: { typ: 'JWT', x5t: undefined },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      aio: 'AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPYy',
      azp: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      azpacr: '0',
      name: 'Ada Lovelace',
      oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
      preferred_username: 'ada@example.com',
      rh: 'I',
      scp: 'access_as_user orders.read',
      sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
      tid: '72f988bf-86f1-41af-91ab-2d7cd011db47',
      uti: 'fqiBqXLPj0eQa82S-IYFAA',
      ver: '2.0',
    },
    principal: {
      clientId: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      scopes: ['access_as_user', 'orders.read'],
    },
  },
  'Entra ID, v1.0, of a user': {
    audience: 'api://ef1da9d4-ff77-4c3e-a005-840c3f830745',
    path: '/fa15d692-e9c7-4460-a743-29f29522229/',
    header: { typ: 'JWT', x5t: 'i6lGk3FZzxRcUb2C3nEQ7syHJlY' },
    claims: {
      aud: 'api://ef1da9d4-ff77-4c3e-a005-840c3f830745',
      acr: '1',
      aio: 'AXQAi/8TAAAAFm+E/QTG+gFnVxLjWdw8K+61AGrSOuMMF6ebaMj7XO3IbmD3fGmrOyD+NvZyGn2VaT/kDKXw4MIhrgGVq6Bn8wLXoT1LkIZ+FzQVkJPPLQOV4KcXqSlCVPDS/DiCDgE222TImMvWNaEMaUOTsIGvTQ==',
      amr: ['wia'],
      appid: '75dbe77f-10a3-4e59-85fd-8c127544f17c',
      appidacr: '0',
      oid: 'f3d98a08-0b5c-4cb4-9a0b-4e5b1b5f3b11',
      scp: 'user_impersonation',
      sub: 'l3_roISQU222bULS9yi2k0XpqpOiMz5H3ZACo1GeXA',
      tid: 'fa15d692-e9c7-4460-a743-29f2956fd429',
      ver: '1.0',
    },
    principal: { clientId: '75dbe77f-10a3-4e59-85fd-8c127544f17c', scopes: ['user_impersonation'] },
  },
  'Entra ID, of a daemon, application roles as scopes': {
    audience: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
    path: '/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
    header: { typ: 'JWT' },
    claims: {
      aud: '6e74172b-be56-4843-9ff4-e66a39bb12e3',
      azp: 'a1b2c3d4-0000-4000-8000-0123456789ab',
      azpacr: '1',
      idtyp: 'app',
      roles: ['Orders.Read.All'],
      sub: 'f3d98a08-0b5c-4cb4-9a0b-4e5b1b5f3b11',
      ver: '2.0',
    },
    map: ({ roles, scp }) => ({ scopes: typeof scp === 'string' ? scp : texts(roles) }),
    principal: { clientId: 'a1b2c3d4-0000-4000-8000-0123456789ab', scopes: ['Orders.Read.All'] },
  },
  'Okta, whose header has no typ and whose scp is a list': {
    audience: 'api://orders',
    path: '/oauth2/default',
    header: { typ: undefined },
    claims: {
      ver: 1,
      aud: 'api://orders',
      cid: '0oapu4btsL2xI0y8y356',
      uid: '00ujmmw0gY8GQxaPf356',
      sub: 'ada@example.com',
      scp: ['openid', 'orders:read'],
    },
    principal: { clientId: '0oapu4btsL2xI0y8y356', scopes: ['openid', 'orders:read'] },
  },
};

describe('tokens as others document them', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });

  async function verify({ audience, path, header, claims, map }: Shape) {
    const issuer = await TestIssuer.start({ path, algorithm: 'RS256' });
    const url = path === '/' ? issuer.url : '';
    issuer.answer = (request, response) => {
      const isMetadata = request.url === `${path.replace(/\/$/, '')}/.well-known/openid-configuration`;
      if (!isMetadata) return request.url !== '/jwks' && (response.writeHead(404).end(), true);
      response.writeHead(200).end(JSON.stringify({ issuer: issuer.issuer, jwks_uri: `${issuer.url}/jwks` }));
      return true;
    };
    const remote = remoteTokens({ issuer: issuer.issuer, audience, map });
    closing.push(
      () => remote.close(),
      () => issuer.stop(),
    );
    const now = remote.clock.seconds;
    const token = await issuer.sign(
      { iss: issuer.issuer, iat: now, nbf: now, exp: now + 300, ...claims },
      { ...header },
    );
    expect(url === '' || issuer.issuer.endsWith('/')).toBe(true);
    return remote.check(token);
  }

  it.each(Object.entries(SHAPES))('are principals: %s', async (_name, shape) => {
    const principal = await verify(shape);
    expect(principal).toMatchObject({ level: 'access', familyId: undefined, ...shape.principal });
    expect((principal as { claims: JsonObject }).claims).toMatchObject(shape.claims);
  });

  it.each<[string, keyof typeof SHAPES, object]>([
    ['Keycloak', 'Keycloak, of a user', { typ: 'ID', at_hash: 'n7v0P2sVxQ', nonce: 'n' }],
    ['Auth0', 'Auth0, its own profile', { nonce: 'n', scope: undefined }],
    ['Entra ID', 'Entra ID, v2.0, of a user', { nonce: '12345', scp: undefined, azp: undefined }],
  ])('are refused where they are ID tokens: %s', async (_name, shape, over) => {
    const { claims, ...rest } = SHAPES[shape] as Shape;
    const altered = JSON.parse(JSON.stringify({ ...claims, ...over })) as object;
    expect(await verify({ ...rest, claims: altered })).toBe('The token is of another type');
  });

  it('are refused where the mapper knows nobody', async () => {
    const shape = SHAPES['Auth0, its own profile'] as Shape;
    expect(await verify({ ...shape, map: () => undefined })).toBe('The token is of nobody who is known here');
    expect(await verify({ ...shape, map: () => ({ clientId: '' }) })).toBe('The token has no client_id');
  });

  it('are refused where the mapper throws, or answers later', async () => {
    const shape = SHAPES['Auth0, its own profile'] as Shape;
    const careless: ClaimMapper = ({ roles }) => ({ scopes: (roles as string[]).map((role) => role) });
    const later = (() => Promise.reject(new Error('later'))) as never;
    for (const map of [careless, later])
      expect(await verify({ ...shape, map })).toBe('The token is of nobody who is known here');
  });

  it('give no scope for what is none', async () => {
    const shape = SHAPES['Auth0, its own profile'] as Shape;
    for (const scope of [7, { read: true }, 'a"b', ['x y', 'a"b', 7, null], '', '  ']) {
      expect(await verify({ ...shape, claims: { ...shape.claims, scope } })).toMatchObject({ scopes: [] });
    }
  });
});
