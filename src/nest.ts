/*
 * What is read from Nest beyond what it publishes. Nest 11 and 12 both have these files; its own Swagger and GraphQL
 * modules read them, too. `nest.spec.ts` fails when Nest changes what they say.
 */
export {
  GUARDS_METADATA,
  HOST_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/constants.js';
export type { VersionValue } from '@nestjs/common/interfaces/version-options.interface.js';
export { addLeadingSlash } from '@nestjs/common/utils/shared.utils.js';
export type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
export { LegacyRouteConverter } from '@nestjs/core/router/legacy-route-converter.js';
export { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
