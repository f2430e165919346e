import type { INestApplicationContext } from '@nestjs/common';
import { AccessPolicy } from '../access/access-policy.js';
import { ACCESS, BOTH, MASTER, type Demand } from '../access/demand.js';
import { RouteTable, type Route } from '../access/route-table.js';
import { FastauthConfigService } from '../config/fastauth-config.service.js';
import { tokenOperations, type Operation } from './openapi-operations.js';
import { componentSchemas, securitySchemes } from './openapi-schemas.js';

/** What is used of an OpenAPI 3 document; `OpenAPIObject` of @nestjs/swagger is one. */
export interface OpenApiDocument {
  info: { title: string };
  paths: object;
  components?: object;
}

type SecurityRequirement = Record<string, string[]>;

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/**
 * Completes an OpenAPI document: what each operation needs, the security schemes, and the token endpoints in full.
 * The document tells what the running application asks, decorators and path rules alike.
 *
 * @example
 * SwaggerModule.setup('docs', app, () => withFastauth(app, SwaggerModule.createDocument(app, options)));
 */
export function withFastauth<T extends OpenApiDocument>(app: INestApplicationContext, document: T): T {
  const policy = app.get(AccessPolicy);
  const { routes } = app.get(RouteTable);
  const operations = tokenOperations();
  const paths = Object.entries(document.paths as Record<string, Record<string, Operation>>);
  const completed = paths.map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries(item).map(([key, value]) => {
        if (!isMethod(key)) return [key, value];
        const route = routeOf(routes, key, path);
        if (!route) return [key, value];
        const own = operations.get(route.handler);
        const security = requirements(policy.demandOfRoute(route.handler, route.controller, route.patterns));
        return [key, { ...value, ...own?.[key], security }];
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
        BearerAccessToken: {
          ...securitySchemes.BearerAccessToken,
          bearerFormat: app.get(FastauthConfigService).get('tokenFormat') === 'opaque' ? 'opaque' : 'JWT',
        },
      },
    },
  };
}

/** Alternatives are entries of the list, what is needed together stands in one entry; an empty list: nothing. */
function requirements(demand: Demand): SecurityRequirement[] {
  const master = { MasterTokenHeader: [] };
  switch (demand) {
    case ACCESS:
      return [{ AccessTokenHeader: [] }, { BearerAccessToken: [] }];
    case MASTER:
      return [master];
    case BOTH:
      return [
        { AccessTokenHeader: [], ...master },
        { BearerAccessToken: [], ...master },
      ];
    default:
      return [];
  }
}

function isMethod(key: string): key is (typeof METHODS)[number] {
  return (METHODS as readonly string[]).includes(key);
}

function routeOf(routes: readonly Route[], method: string, path: string): Route | undefined {
  const wanted = anonymous(path);
  return routes.find(
    (route) =>
      (route.method === 'ALL' || route.method.toLowerCase() === method) &&
      [...route.patterns, ...route.declaredPaths].some((pattern) => anonymous(pattern) === wanted),
  );
}

/** A path with its parameters unnamed, in the router's notation or in OpenAPI's. */
function anonymous(path: string): string {
  return path.replaceAll(/\{\/?[*:]?\w+\}|[:*]\w+|\*/g, '{}').replace(/(.)\/+$/, '$1');
}
