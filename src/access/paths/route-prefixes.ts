import type { OwnEndpoint } from './own-endpoints.js';

/** What the application puts before the paths of its controllers, and where endpoints of ours are among them. */
export interface RoutePrefixes {
  /** As given to `setGlobalPrefix`; empty: none. */
  readonly globalPrefix: string;
  /** First segments of URI versioning that routes use, such as `v1`. */
  readonly versionPrefixes: readonly string[];
  /** Patterns that begin with a path of `RouterModule`, and what they would be with less of it, or without. */
  readonly withoutModulePath?: ReadonlyMap<string, readonly string[]>;
  readonly ownEndpoints?: readonly OwnEndpoint[];
  /** Set too late for the routes, but not for what is mounted by them. */
  readonly late?: Pick<RoutePrefixes, 'globalPrefix' | 'versionPrefixes'> | undefined;
}
