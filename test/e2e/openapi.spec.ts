import { Body, Controller, Get, Module, Param, Post, VersioningType } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  AccessOnly,
  AnyOf,
  FastauthModule,
  MasterOnly,
  Public,
  Scopes,
  withFastauth,
} from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp } from '../support/app.js';
import { rawRequest } from '../support/raw-request.js';
import { RoutesController } from '../support/routes.controller.js';

@MasterOnly()
@Controller({ path: 'items', version: '2' })
class ItemsController {
  @Get(':id')
  one(@Param('id') id: string) {
    return id;
  }

  @AccessOnly()
  @Post(':id/parts/:part')
  part(@Body() body: object) {
    return body;
  }

  @Public()
  @Get('open/to/all')
  open() {
    return 'open';
  }
}

@Controller(['shelf', 'access/shelf'])
class ShelfController {
  @Get()
  books() {
    return [];
  }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
interface Schema {
  readonly $ref?: string;
  readonly anyOf?: readonly Schema[];
  readonly required?: readonly string[];
}
interface Operation {
  readonly operationId?: string;
  readonly parameters?: readonly object[];
  readonly security?: Record<string, string[]>[];
  readonly summary?: string;
  readonly responses: Record<string, { content?: Record<string, { schema?: object; example?: object }> }>;
}

describe.each(ADAPTERS)('the OpenAPI document on %s', (adapter) => {
  let app: TestApp;
  let document: OpenAPIObject;
  let accessToken: string;

  beforeAll(async () => {
    app = await startApp({
      adapter,
      controllers: [ItemsController, ShelfController, RoutesController],
      fastauth: {
        masterTokenPaths: ['/master', '/both', '/docs'],
        accessTokenPaths: ['/access', '/both'],
      },
      configure: (nest) => {
        nest.setGlobalPrefix('api', { exclude: ['health'] });
        nest.enableVersioning({ type: VersioningType.URI });
        const base = new DocumentBuilder().setTitle('Test').setVersion('1').build();
        SwaggerModule.setup('docs', nest, () => withFastauth(nest, SwaggerModule.createDocument(nest, base)));
      },
    });
    const answer = await app.get('/docs-json', { 'MASTER-TOKEN': MASTER_TOKEN });
    document = answer.body;
    const issued = await app.get('/api/auth/token/new', { 'MASTER-TOKEN': MASTER_TOKEN });
    accessToken = issued.body.data.access_token;
  });
  afterAll(() => app.close());

  function operations(): [method: string, path: string, operation: Operation][] {
    return Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>)
        .filter(([method]) => METHODS.includes(method))
        .map(([method, operation]): [string, string, Operation] => [method, path, operation]),
    );
  }

  const resolved = (schema: Schema): Schema =>
    schema.$ref
      ? ((document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''] ?? {}) as Schema)
      : schema;

  it('is valid OpenAPI 3', async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('names the three schemes', () => {
    expect(document.components?.securitySchemes).toMatchObject({
      AccessTokenHeader: { type: 'apiKey', in: 'header', name: 'ACCESS-TOKEN' },
      MasterTokenHeader: { type: 'apiKey', in: 'header', name: 'MASTER-TOKEN' },
      BearerAccessToken: { type: 'http', scheme: 'bearer' },
    });
  });

  it('lists for each operation exactly what the running route asks', async () => {
    const credentials: Record<string, Record<string, string>> = {
      AccessTokenHeader: { 'ACCESS-TOKEN': accessToken },
      BearerAccessToken: { Authorization: `Bearer ${accessToken}` },
      MasterTokenHeader: { 'MASTER-TOKEN': MASTER_TOKEN },
    };
    const all = operations();
    expect(all.length).toBeGreaterThan(14);
    for (const [method, path, { security }] of all) {
      const status = async (...schemes: string[]): Promise<number> => {
        const headers = Object.assign({}, ...schemes.map((scheme) => credentials[scheme]));
        const target = path.replaceAll(/\{\w+\}/g, 'x');
        return (await app.request(method.toUpperCase(), target, { headers })).status;
      };
      const where = `${method} ${path}`;
      expect([where, Array.isArray(security)]).toEqual([where, true]);
      const alternatives = (security ?? []).map((entry) => Object.keys(entry));
      // Without a parameter the refresh endpoints answer 422, or 401 for a bad token: both are behind no guard.
      expect([where, (await status()) === 401]).toEqual([where, alternatives.length > 0]);
      for (const schemes of alternatives) {
        expect([where, schemes, await status(...schemes)]).not.toEqual([where, schemes, 401]);
        for (const left of schemes) {
          const without = schemes.filter((scheme) => scheme !== left);
          expect([where, without, await status(...without)]).toEqual([where, without, 401]);
        }
      }
    }
  });

  it('says the same of a document without the global prefix', () => {
    const base = new DocumentBuilder().build();
    const bare = withFastauth(
      app.app,
      SwaggerModule.createDocument(app.app, base, { ignoreGlobalPrefix: true }),
    );
    const securityOf = (paths: object, prefix: string) =>
      Object.fromEntries(
        Object.entries(paths as Record<string, Record<string, Operation>>).map(([path, item]) => [
          path.replace(prefix, ''),
          Object.values(item).map(({ security }) => security),
        ]),
      );
    expect(securityOf(bare.paths, '')).toEqual(securityOf(document.paths, '/api'));
  });

  it('describes each endpoint of ours in full', () => {
    const ours = operations().filter(([, path]) => path.includes('/auth/token/'));
    expect(ours.map(([method, path]) => `${method} ${path}`).sort()).toEqual([
      'get /api/auth/token/new',
      'get /api/auth/token/refresh',
      'post /api/auth/token/introspect',
      'post /api/auth/token/new',
      'post /api/auth/token/refresh',
      'post /api/auth/token/revoke',
    ]);
    for (const [, , operation] of ours) {
      expect(operation.summary).toBeTruthy();
      for (const response of Object.values(operation.responses)) {
        const content = response.content?.['application/json'];
        expect(content?.schema).toBeDefined();
        expect(content?.example).toBeDefined();
      }
    }
  });

  it('foresees what the endpoints answer', async () => {
    const NEW = '/api/auth/token/new';
    const REFRESH = '/api/auth/token/refresh';
    const REVOKE = '/api/auth/token/revoke';
    const INTROSPECT = '/api/auth/token/introspect';
    const master = { 'MASTER-TOKEN': MASTER_TOKEN };
    const xml = { 'content-type': 'text/xml' };
    const malformed = { 'content-type': 'application/json' };
    const tooLarge = { client_id: 'x'.repeat(2 ** 21), token: 'x'.repeat(2 ** 21) };
    const twice = async (method: string, path: string) => {
      const headers = { 'MASTER-TOKEN': 'a', 'master-token': 'b', 'Content-Length': '0' };
      const { status, body } = await rawRequest(app.url, method, path, headers);
      return { status, body: JSON.parse(body) as object };
    };
    const answers: [string, string, { status: number; body: object }][] = [
      ['get', NEW, await app.get(NEW, master)],
      ['get', NEW, await app.get(NEW)],
      ['get', NEW, await twice('GET', NEW)],
      ['get', NEW, await app.get(`${NEW}?client_id=`, master)],
      ['get', REFRESH, await app.get(REFRESH)],
      ['get', REFRESH, await app.get(`${REFRESH}?refresh_token=x`)],
    ];
    for (const path of [NEW, REFRESH, REVOKE, INTROSPECT]) {
      answers.push(
        ['post', path, await app.post(path, {}, master)],
        ['post', path, await app.post(path, { client_id: 'a', token: 'a', refresh_token: 'a' }, master)],
        ['post', path, await app.post(path, '<a/>', { ...master, ...xml })],
        ['post', path, await app.post(path, '{', { ...master, ...malformed })],
        ['post', path, await app.post(path, tooLarge, master)],
        ['post', path, await app.post(path, { client_id: 'a' }, { 'MASTER-TOKEN': 'wrong' })],
        ['post', path, await twice('POST', path)],
      );
    }
    for (const [method, path, { status, body }] of answers) {
      const { responses } = (document.paths[path] as Record<string, Operation>)[method] as Operation;
      const where = `${method} ${path} ${status}`;
      const schema = responses[status]?.content?.['application/json']?.schema as Schema | undefined;
      expect([where, schema]).not.toEqual([where, undefined]);
      const forms = (schema?.anyOf ?? [schema]).map((form) => resolved(form as Schema));
      const fits = forms.some((form) => (form.required ?? []).every((name) => name in body));
      expect([where, body, fits]).toEqual([where, body, true]);
    }
  });

  it('names each operation of ours once, under several versions too, and keeps what all operations have', async () => {
    const versioned = await startApp({
      adapter,
      configure: (nest) => nest.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] }),
    });
    const plain = SwaggerModule.createDocument(versioned.app, new DocumentBuilder().build());
    const operationsOf = (paths: object): Operation[] =>
      Object.values(paths as Record<string, Record<string, Operation>>).flatMap((item) =>
        Object.values(item),
      );
    for (const operation of operationsOf(plain.paths)) {
      Object.assign(operation, {
        parameters: [{ name: 'X-Tenant', in: 'header' }],
        responses: { ...operation.responses, 502: { description: 'From the gateway' } },
      });
    }
    const ours = operationsOf(withFastauth(versioned.app, plain).paths);
    await versioned.close();
    const names = ours.map(({ operationId }) => operationId);
    expect(names).toContain('issueToken');
    expect(new Set(names).size).toBe(names.length);
    for (const { parameters, responses } of ours) {
      expect(parameters).toContainEqual(expect.objectContaining({ name: 'X-Tenant' }));
      expect(responses).toHaveProperty('502');
    }
  });

  it('guards Swagger UI by path rule like anything else', async () => {
    expect((await app.get('/docs')).status).toBe(401);
    expect((await app.get('/docs-json')).status).toBe(200);
    expect((await app.get('/docs', { 'MASTER-TOKEN': MASTER_TOKEN })).status).toBe(200);
  });
});

it('withFastauth() says of a preview that nothing is known there', async () => {
  @Module({
    imports: [FastauthModule.forRoot({ configFile: false, envFile: false, databaseUrl: 'memory:' })],
    controllers: [ItemsController],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { preview: true, logger: false });
  const document = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  expect(() => withFastauth(app, document)).toThrow(
    'withFastauth() was called for a preview of the application',
  );
});

@Controller('scoped')
class ScopedController {
  @Scopes('devices:read', 'devices:write')
  @Get()
  read() {
    return {};
  }

  @AnyOf(MasterOnly(), Scopes('fleet:admin'), Scopes('devices:write'))
  @Post()
  write() {
    return {};
  }
}

describe('the OpenAPI document of an application whose clients authenticate themselves', () => {
  it('says where they may, and how', async () => {
    const app = await startApp({ adapter: 'express', fastauth: { tokenEndpoint: true } });
    const base = new DocumentBuilder().setTitle('Test').setVersion('1').build();
    const document = withFastauth(app.app, SwaggerModule.createDocument(app.app, base));
    expect(await new Validator().validate(structuredClone(document) as never)).toMatchObject({ valid: true });
    const operationAt = (path: string) => document.paths[path]?.post as unknown as Operation;
    const securityOf = (path: string) => operationAt(path).security;
    expect(securityOf('/auth/token')).toEqual([{ ClientBasic: [] }, {}]);
    expect(securityOf('/auth/token/revoke')).toEqual([{ ClientBasic: [] }, {}]);
    expect(securityOf('/auth/token/introspect')).toEqual([{ MasterTokenHeader: [] }, { ClientBasic: [] }]);
    expect(securityOf('/auth/token/new')).toEqual([{ MasterTokenHeader: [] }]);
    expect(document.components?.securitySchemes).toHaveProperty('ClientBasic');
    for (const path of ['/auth/token', '/auth/token/revoke', '/auth/token/introspect']) {
      const { requestBody, responses } = operationAt(path) as Operation & { requestBody: object };
      for (const name of ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'])
        expect(JSON.stringify(requestBody)).toContain(`"${name}":`);
      expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '400', '401', '429', '503']));
    }
    expect(operationAt('/auth/token/introspect').responses).toHaveProperty('403');
    await app.close();
  });

  it('has a flow for them, and names the scopes of each operation in it', async () => {
    const start = (fastauth: object) =>
      startApp({ adapter: 'express', controllers: [ScopedController], fastauth });
    const base = new DocumentBuilder().setTitle('Test').setVersion('1').build();
    const documentOf = ({ app }: TestApp) => withFastauth(app, SwaggerModule.createDocument(app, base));
    const app = await start({
      tokenEndpoint: true,
      issuer: 'https://auth.example.com',
      scopes: { 'devices:read': 'See the devices', 'devices:write': 'Change them', 'fleet:admin': 'All' },
    });
    const document = documentOf(app);
    expect(await new Validator().validate(structuredClone(document) as never)).toMatchObject({ valid: true });
    expect(document.components?.securitySchemes?.['ClientCredentials']).toMatchObject({
      type: 'oauth2',
      flows: {
        clientCredentials: {
          tokenUrl: 'https://auth.example.com/auth/token',
          scopes: { 'devices:read': 'See the devices', 'devices:write': 'Change them', 'fleet:admin': 'All' },
        },
      },
    });
    expect(document.paths['/scoped']?.get?.security).toEqual([
      { AccessTokenHeader: [] },
      { BearerAccessToken: [] },
      { ClientCredentials: ['devices:read', 'devices:write'] },
    ]);
    expect(document.paths['/scoped']?.post?.security).toEqual([
      { MasterTokenHeader: [] },
      { AccessTokenHeader: [] },
      { BearerAccessToken: [] },
      { ClientCredentials: ['fleet:admin'] },
      { ClientCredentials: ['devices:write'] },
    ]);
    expect(document.paths['/auth/token/new']?.post?.security).toEqual([{ MasterTokenHeader: [] }]);
    await app.close();

    const unnamed = await start({ tokenEndpoint: true });
    expect(documentOf(unnamed).components?.securitySchemes?.['ClientCredentials']).toMatchObject({
      flows: {
        clientCredentials: {
          tokenUrl: '/auth/token',
          scopes: { 'devices:read': '', 'devices:write': '', 'fleet:admin': '' },
        },
      },
    });
    await unnamed.close();

    const without = await start({});
    expect(documentOf(without).components?.securitySchemes).not.toHaveProperty('ClientCredentials');
    expect(documentOf(without).paths['/scoped']?.get).toMatchObject({
      security: [{ AccessTokenHeader: [] }, { BearerAccessToken: [] }],
      'x-required-scopes': ['devices:read', 'devices:write'],
    });
    await without.close();
  });
});
