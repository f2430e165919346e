import {
  Injectable,
  type OnApplicationBootstrap,
  RequestMethod,
  type Type,
  VERSION_NEUTRAL,
  VersioningType,
} from '@nestjs/common';
// Nest publishes no list of its routes; these are the constants that its own Swagger module reads them with.
import {
  HOST_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
  RoutePathFactory,
  VERSION_METADATA,
  addLeadingSlash,
  type VersionValue,
} from '../nest.js';
import { ApplicationConfig, MetadataScanner, ModulesContainer } from '@nestjs/core';
import { splitPath } from '../access/paths/path-rewrites.js';
import type { RoutePrefixes } from '../access/paths/route-prefixes.js';

/** One decorated handler of a controller, as Nest registers it. */
export interface Route {
  /** `GET`, `POST`, ..., or `ALL`. */
  readonly method: string;
  /** Every full path: global prefix (unless excluded), version, module path, controller path, handler path. */
  readonly patterns: readonly string[];
  /** Of {@link patterns}, those that begin with a path of `RouterModule`, and what they would be with less of it. */
  readonly withoutModulePath: ReadonlyMap<string, readonly string[]>;
  readonly controller: Type<unknown>;
  readonly handlerName: string;
  /** What `ExecutionContext.getHandler()` answers for this route. */
  readonly handler: object;
  /** Versions it answers to; empty: all, or versioning is off. */
  readonly versions: readonly string[];
  /** Whether paths tell the version. */
  readonly isVersionedByPath: boolean;
  /** Hosts it is bound to; empty: all. */
  readonly hosts: readonly (string | RegExp)[];
}

/**
 * The HTTP routes of the application's controllers. From `onApplicationBootstrap` on they are those that Nest has
 * registered, for good; before that the global prefix or versioning may not be set yet, so the answer is what would be
 * registered now.
 */
@Injectable()
export class RouteTable implements OnApplicationBootstrap {
  readonly #modules: ModulesContainer;
  private registered: { readonly routes: readonly Route[]; readonly prefixes: Prefixes } | undefined;
  private onPrefixes: () => void = () => undefined;

  constructor(
    modules: ModulesContainer,
    private readonly config: ApplicationConfig,
  ) {
    this.#modules = modules;
    this.noticePrefixes();
  }

  onApplicationBootstrap(): void {
    if (this.registered) return;
    this.registered = { routes: this.list(), prefixes: this.presentPrefixes() };
  }

  get routes(): readonly Route[] {
    return this.registered?.routes ?? this.list();
  }

  /** Global prefix and URI version prefixes, as they are set now; once routes are registered, those that they have. */
  prefixes(): Prefixes {
    return this.registered?.prefixes ?? this.presentPrefixes();
  }

  /** Prefixes set after the routes were registered: Nest ignores them, but what others mount by them (as Swagger UI) has them. */
  latePrefixes(): Prefixes | undefined {
    return this.registered && this.presentPrefixes();
  }

  /** @param listener called when a prefix is set, or versioning is switched on */
  whenPrefixesChange(listener: () => void): void {
    this.onPrefixes = listener;
  }

  /** Full paths that begin with one of `RouterModule`, and what they would be with less of it. */
  pathsWithoutModule(): ReadonlyMap<string, readonly string[]> {
    const paths = new Map<string, readonly string[]>();
    for (const { withoutModulePath } of this.routes) {
      for (const [pattern, others] of withoutModulePath) {
        paths.set(pattern, [...(paths.get(pattern) ?? []), ...others]);
      }
    }
    return paths;
  }

  private presentPrefixes(): Prefixes {
    const versioning = this.config.getVersioning();
    const versions = new Set(
      versioning?.type === VersioningType.URI ? this.list().flatMap((route) => route.versions) : [],
    );
    const versionPrefix = versioning ? new RoutePathFactory(this.config).getVersionPrefix(versioning) : '';
    return {
      globalPrefix: this.config.getGlobalPrefix(),
      versionPrefixes: [...versions].map((version) => versionPrefix + version),
    };
  }

  private noticePrefixes(): void {
    const { config } = this;
    const setGlobalPrefix = config.setGlobalPrefix.bind(config);
    const setGlobalPrefixOptions = config.setGlobalPrefixOptions.bind(config);
    const enableVersioning = config.enableVersioning.bind(config);
    const thenTell =
      <T>(set: (value: T) => void) =>
      (value: T): void => {
        set(value);
        this.onPrefixes();
      };
    config.setGlobalPrefix = thenTell(setGlobalPrefix);
    config.setGlobalPrefixOptions = thenTell(setGlobalPrefixOptions);
    config.enableVersioning = thenTell(enableVersioning);
  }

  private list(): readonly Route[] {
    const scanner = new MetadataScanner();
    const paths = new RoutePathFactory(this.config);
    const routes: Route[] = [];
    for (const { controllers, metatype: module } of this.#modules.values()) {
      const modulePath =
        metadata<string>(MODULE_PATH + this.#modules.applicationId, module) ??
        metadata<string>(MODULE_PATH, module);
      for (const { metatype, instance } of controllers.values()) {
        if (!isController(metatype)) continue;
        for (const handlerName of scanner.getAllMethodNames(metatype.prototype)) {
          const route = this.routeOf({ metatype, instance, handlerName, modulePath, paths });
          if (route) routes.push(route);
        }
      }
    }
    return routes;
  }

  private routeOf({ metatype, instance, handlerName, modulePath, paths }: Candidate): Route | undefined {
    const method = property(metatype.prototype, handlerName);
    const handler = property(instance, handlerName) ?? method;
    const methodPaths = metadata<string | string[]>(PATH_METADATA, method);
    const requestMethod = metadata<RequestMethod>(METHOD_METADATA, method);
    if (!method || !handler || methodPaths === undefined || requestMethod === undefined) return undefined;
    const controllerPaths = listOf(metadata<string | string[]>(PATH_METADATA, metatype) ?? '/');
    const versioningOptions = this.config.getVersioning();
    const methodVersion = metadata<VersionValue>(VERSION_METADATA, method);
    const controllerVersion = versioningOptions
      ? (metadata<VersionValue>(VERSION_METADATA, metatype) ?? versioningOptions.defaultVersion)
      : undefined;
    const fullPaths = (below: string | undefined): string[] =>
      controllerPaths.flatMap((ctrlPath) =>
        listOf(methodPaths).flatMap((methodPath) =>
          paths.create(
            {
              ctrlPath: addLeadingSlash(ctrlPath),
              methodPath: addLeadingSlash(methodPath),
              globalPrefix: addLeadingSlash(this.config.getGlobalPrefix()),
              ...(below === undefined ? {} : { modulePath: below }),
              ...(methodVersion === undefined ? {} : { methodVersion }),
              ...(controllerVersion === undefined ? {} : { controllerVersion }),
              ...(versioningOptions === undefined ? {} : { versioningOptions }),
            },
            requestMethod,
          ),
        ),
      );
    const patterns = fullPaths(modulePath);
    const shorter = modulePath === undefined ? [] : shorterPaths(modulePath).map(fullPaths);
    return {
      method: RequestMethod[requestMethod] ?? 'ALL',
      patterns: [...new Set(patterns)],
      withoutModulePath: new Map(
        patterns
          .map((pattern, index) => [pattern, shorter.flatMap((paths) => paths[index] ?? [])] as const)
          .filter(([, others]) => others.length > 0),
      ),
      controller: metatype,
      handlerName,
      handler,
      versions: versioningOptions ? namedVersions(methodVersion ?? controllerVersion) : [],
      isVersionedByPath: versioningOptions?.type === VersioningType.URI,
      hosts: listOf(metadata<string | RegExp | (string | RegExp)[]>(HOST_METADATA, metatype) ?? []),
    };
  }
}

type Prefixes = Pick<RoutePrefixes, 'globalPrefix' | 'versionPrefixes'>;

interface Candidate {
  readonly metatype: Type<unknown>;
  readonly instance: unknown;
  readonly handlerName: string;
  readonly modulePath: string | undefined;
  readonly paths: RoutePathFactory;
}

/** A module's path without its first segments: modules of `RouterModule` may be nested, and Nest knows the sum alone. */
function shorterPaths(modulePath: string): readonly (string | undefined)[] {
  const segments = splitPath(modulePath);
  return segments.map((_, index) =>
    index + 1 < segments.length ? `/${segments.slice(index + 1).join('/')}` : undefined,
  );
}

function isController(metatype: unknown): metatype is Type<unknown> {
  return typeof metatype === 'function' && metadata(PATH_METADATA, metatype) !== undefined;
}

function metadata<T>(key: string, target: object | undefined): T | undefined {
  return target && (Reflect.getMetadata(key, target) as T | undefined);
}

/** The method of that name; an instance is missing or not an object when it could not be built. */
function property(owner: unknown, name: string): object | undefined {
  if (typeof owner !== 'object' || owner === null) return undefined;
  const value: unknown = Reflect.get(owner, name);
  return typeof value === 'function' ? value : undefined;
}

function listOf<T>(value: T | T[]): T[] {
  return Array.isArray(value) ? value : [value];
}

function namedVersions(version: VersionValue | undefined): readonly string[] {
  return listOf<string | typeof VERSION_NEUTRAL>(version ?? []).filter((name) => typeof name === 'string');
}
