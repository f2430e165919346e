import type { INestApplicationContext } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { FastauthConfigService } from '../config/fastauth-config.service.js';
import { ConfigError } from '../errors.js';
import { RouteTable, type Route } from '../routes/route-table.js';
import { CLIENT_CREDENTIALS, clientCredentialsScheme, tokenUrlOf } from './openapi-client-credentials.js';
import { clientSchemes, withClients } from './openapi-clients.js';
import { tokenOperations, type Operation } from './openapi-operations.js';
import { withRequirement } from './openapi-security.js';
import { accessTokenCookie, componentSchemas, securitySchemes } from './openapi-schemas.js';

/** What is used of an OpenAPI 3 document; `OpenAPIObject` of @nestjs/swagger is one. */
export interface OpenApiDocument {
  info: { title: string };
  paths: object;
  components?: object;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/**
 * Completes an OpenAPI document: what each operation needs, the security schemes, and the token endpoints in full.
 * The document tells what the running application asks, decorators and path rules alike.
 *
 * @throws ConfigError the application is a preview (`NestFactory.create(App, { preview: true })`)
 * @example
 * SwaggerModule.setup('docs', app, () => withFastauth(app, SwaggerModule.createDocument(app, options)));
 */
export function withFastauth<T extends OpenApiDocument>(app: INestApplicationContext, document: T): T {
  if (!app.get<FastauthConfig | null>(FASTAUTH_CONFIG)) {
    throw new ConfigError([
      'withFastauth() was called for a preview of the application, in which Nest reads no configuration and builds nothing. ' +
        'Leave { preview: true } out: an application that is created, and does not listen, is enough for its document.',
    ]);
  }
  const policy = app.get(AccessPolicy);
  const table = app.get(RouteTable);
  const { globalPrefix } = table.prefixes();
  const cookie = app.get(FastauthConfigService).get('accessTokenCookie');
  const routes = table.routes.flatMap((route) => route.patterns.map((pattern) => ({ route, pattern })));
  const byClient = app.get(FastauthConfigService).get('tokenEndpoint');
  const operations = tokenOperations(byClient);
  const tokenUrl = tokenUrlOf(table.routes, app.get(FastauthConfigService).get('issuer'));
  const asked = new Set<string>();
  const operationIds = new Set<unknown>();
  const paths = Object.entries(document.paths as Record<string, Record<string, Operation>>);
  const completed = paths.map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => {
        if (!isMethod(key)) return [key, value];
        // A document may leave the global prefix out.
        const found = routeOf(routes, key, [path, `/${globalPrefix}/${path}`]);
        if (!found) return [key, value];
        const { handler, handlerName, controller } = found.route;
        const requirement = policy.requirementOfRoute({
          controller,
          handlerName,
          method: key.toUpperCase(),
          patterns: [found.pattern],
        });
        const operation = completedBy(value, operations.get(handler)?.[key], operationIds);
        for (const { scopes } of requirement.alternatives) for (const scope of scopes) asked.add(scope);
        const guarded = withRequirement(operation, requirement, {
          hasCookie: cookie !== undefined,
          hasClients: tokenUrl !== undefined,
        });
        return [key, byClient ? withClients(guarded, handler) : guarded];
      }),
    ),
  ]);
  const components = (document.components ?? {}) as Record<string, object>;
  return {
    ...document,
    info: { ...document.info, title: document.info.title || app.get(FastauthConfigService).get('appName') },
    paths: Object.fromEntries(completed) as object,
    components: {
      ...components,
      schemas: { ...components['schemas'], ...componentSchemas },
      securitySchemes: {
        ...components['securitySchemes'],
        ...securitySchemes,
        ...(byClient ? clientSchemes : {}),
        ...(tokenUrl !== undefined && {
          [CLIENT_CREDENTIALS]: clientCredentialsScheme(
            tokenUrl,
            asked,
            app.get(FastauthConfigService).get('scopes'),
          ),
        }),
        BearerAccessToken: {
          ...securitySchemes.BearerAccessToken,
          bearerFormat: app.get(FastauthConfigService).get('tokenFormat') === 'opaque' ? 'opaque' : 'JWT',
        },
        ...(cookie !== undefined && { AccessTokenCookie: accessTokenCookie(cookie) }),
      },
    },
  };
}

/** The application's operation with what we know of it; parameters and answers that it has for all of its own stay. */
function completedBy(operation: Operation, own: Operation | undefined, taken: Set<unknown>): Operation {
  if (!own) return operation;
  // The same endpoint under another version, or by another controller: an identifier may stand only once.
  const operationId = taken.has(own['operationId']) ? operation['operationId'] : own['operationId'];
  taken.add(operationId);
  return {
    ...operation,
    ...own,
    operationId,
    parameters: [...listOf(operation['parameters']), ...listOf(own['parameters'])],
    responses: { ...(operation['responses'] as object), ...(own['responses'] as object) },
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isMethod(key: string): key is (typeof METHODS)[number] {
  return (METHODS as readonly string[]).includes(key);
}

/** One of the paths of a route. */
interface RoutePath {
  readonly route: Route;
  readonly pattern: string;
}

/** The first route that has one of these paths, the first of them before the second. */
function routeOf(
  routes: readonly RoutePath[],
  method: string,
  paths: readonly string[],
): RoutePath | undefined {
  const candidates = routes.filter(
    ({ route }) => route.method === 'ALL' || route.method.toLowerCase() === method,
  );
  return paths
    .map(anonymous)
    .flatMap((wanted) => candidates.filter(({ pattern }) => anonymous(pattern) === wanted))[0];
}

/** A path with its parameters unnamed, in the router's notation or in OpenAPI's. */
function anonymous(path: string): string {
  return path
    .replaceAll(/\{\/?[*:]?\w+\}|[:*]\w+|\*/g, '{}')
    .replaceAll(/\/+/g, '/')
    .replace(/(.)\/+$/, '$1');
}
