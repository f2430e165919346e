import type { ModuleMetadata } from '@nestjs/common';
import { ownEndpoints } from '../access/paths/own-endpoints.js';
import { PathRules } from '../access/paths/path-rules.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { RouteMatcher } from './route-matcher.js';
import { RouteTable } from './route-table.js';
import { StartupLog } from './startup-log.js';

/** @param ownHandlers the functions that serve our endpoints, each with its path below its controller's */
export function routesProviders(ownHandlers: () => ReadonlyMap<unknown, string>): ModuleMetadata {
  const pathRulesOf = (config: FastauthConfig, routes: RouteTable): PathRules => {
    const handlers = ownHandlers();
    const lists = { master: config.masterTokenPaths, access: config.accessTokenPaths };
    const surroundings = () => ({
      ...routes.prefixes(),
      late: routes.latePrefixes(),
      withoutModulePath: routes.pathsWithoutModule(),
      ownEndpoints: ownEndpoints(routes.routes, handlers),
    });
    const rules = new PathRules(lists, surroundings, new Set(handlers.keys()));
    routes.whenPrefixesChange(() => rules.refresh());
    return rules;
  };
  return {
    providers: [
      RouteTable,
      RouteMatcher,
      { provide: PathRules, inject: [FASTAUTH_CONFIG, RouteTable], useFactory: pathRulesOf },
      StartupLog,
    ],
  };
}
