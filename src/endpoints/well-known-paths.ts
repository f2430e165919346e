import { type FactoryProvider, type OnModuleInit, RequestMethod } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { resourceMetadataPath } from '../access/resource-metadata.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { ConfigError } from '../errors.js';
import { RouteTable } from '../routes/route-table.js';
import { readEndpoint } from './endpoint-metadata.js';

/** @see RFC 8615 */
export const WELL_KNOWN = '/.well-known';
const METADATA = `${WELL_KNOWN}/oauth-authorization-server`;

/** What every router takes as it is; other characters stand for something in patterns, or are matched decoded. */
const PLAIN_PATH = /^(?:\/[\w.~-]+)+$/;

/**
 * Where the authorization server metadata is: for an issuer with a path also with that path behind, where clients look
 * for it; nowhere without an issuer.
 * @see RFC 8414 section 3.1
 */
export function metadataPaths(issuer: string | undefined): string[] {
  if (issuer === undefined) return [];
  const path = pathOf(issuer);
  return PLAIN_PATH.test(path) ? [METADATA, METADATA + path] : [METADATA];
}

/** Where the metadata of this application as a protected resource is; nowhere without `resource-identifier`. */
export function resourcePaths({ resourceIdentifier }: FastauthConfig): string[] {
  return resourceIdentifier === undefined ? [] : [resourceMetadataPath(resourceIdentifier)];
}

/** All of them that an application has which issues tokens. */
export function wellKnownPaths(config: FastauthConfig): string[] {
  return [`${WELL_KNOWN}/jwks.json`, ...metadataPaths(config.issuer), ...resourcePaths(config)];
}

/** What is to be said of settings that need `resource-identifier`, if anything. */
export function resourceWarning(config: FastauthConfig): string | undefined {
  const { resourceIdentifier, authorizationServers } = config;
  return resourceIdentifier === undefined && authorizationServers.length > 0
    ? 'authorization-servers is set, and resource-identifier is not: no metadata names them; set both, or leave it out'
    : undefined;
}

/** What is to be said of the place of this issuer's metadata, if anything. */
export function metadataPathWarning(issuer: string | undefined): string | undefined {
  if (issuer === undefined || pathOf(issuer) === '' || PLAIN_PATH.test(pathOf(issuer))) return undefined;
  return (
    `Clients look for the metadata of this issuer at ${METADATA}${pathOf(issuer)}, and no route can have that path on ` +
    `every adapter. It is at ${METADATA}: have your proxy pass the one on as the other.`
  );
}

/** A terminating slash does not count. */
function pathOf(issuer: string): string {
  return new URL(issuer).pathname.replace(/\/+$/, '');
}

/**
 * Keeps what clients look for at the root of an origin there, whatever the application's global prefix is: as if the
 * application had named it among the routes that the prefix leaves out.
 */
export class WellKnownPaths implements OnModuleInit {
  constructor(
    private readonly table: RouteTable,
    application: ApplicationConfig,
    paths: readonly string[],
  ) {
    const left = paths.map((path) => ({
      path,
      requestMethod: RequestMethod.GET,
      pathRegex: new RegExp(`^${path.replaceAll('.', '\\.')}/?$`, 'i'),
    }));
    // `setGlobalPrefix()` comes later, and may name routes of its own.
    const optionsOfApplication = application.getGlobalPrefixOptions.bind(application);
    application.getGlobalPrefixOptions = () => {
      const options = optionsOfApplication();
      return { ...options, exclude: [...(options.exclude ?? []), ...left] };
    };
  }

  /** @throws ConfigError a path of `RouterModule` would move them, too */
  onModuleInit(): void {
    const isMoved = this.table.routes.some(
      ({ handler, withoutModulePath }) => readEndpoint(handler) && withoutModulePath.size > 0,
    );
    if (!isMoved) return;
    throw new ConfigError([
      `RouterModule gives FastauthModule a path, which would move ${WELL_KNOWN} from the root of the origin, where clients look for it. ` +
        'Leave FastauthModule out there: auth-prefix says where the token endpoints are.',
    ]);
  }
}

/** @param pathsOf those that the application has */
export function wellKnownProvider(pathsOf: (config: FastauthConfig) => readonly string[]): FactoryProvider {
  return {
    provide: WellKnownPaths,
    inject: [RouteTable, ApplicationConfig, FASTAUTH_CONFIG],
    useFactory: (table: RouteTable, application: ApplicationConfig, config: FastauthConfig) =>
      new WellKnownPaths(table, application, pathsOf(config)),
  };
}
