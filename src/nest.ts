/*
 * What is read from Nest beyond what it publishes. Nest 11 and 12 both have these files; its own Swagger and GraphQL
 * modules read them, too. `nest.spec.ts` fails when Nest changes what they say.
 */
import { InternalServerErrorException } from '@nestjs/common';

export {
  GUARDS_METADATA,
  HOST_METADATA,
  METHOD_METADATA,
  MODULE_PATH,
  PATH_METADATA,
  SSE_METADATA,
  VERSION_METADATA,
} from '@nestjs/common/constants.js';
export type { VersionValue } from '@nestjs/common/interfaces/version-options.interface.js';
export { addLeadingSlash } from '@nestjs/common/utils/shared.utils.js';
export type { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
export { LegacyRouteConverter } from '@nestjs/core/router/legacy-route-converter.js';
export { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';

/** Nest 11 throws this on Fastify where a request is for another host than a route's. It has no better name. */
const OTHER_HOST = /^HTTP adapter does not support filtering on hosts?: /;

/** Whether Nest says that a route is not for the host that was asked for, and so that no handler takes the request. */
export function isOfOtherHost(error: unknown): boolean {
  return error instanceof InternalServerErrorException && OTHER_HOST.test(error.message);
}
