import {
  type CanActivate,
  InternalServerErrorException,
  type Type,
  UseFilters,
  UseGuards,
  Version,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { ErrorForm } from './endpoint-error.js';
import { EndpointFilter } from './endpoint.filter.js';
import { EndpointGuard } from './endpoint.guard.js';
import { type Serve, writeEndpoint } from './endpoint-metadata.js';

/**
 * Marks a method that answers an endpoint of ours: with what it returns, as a 200, or with an `EndpointAnswer`.
 * It stands below `@Get()` and the like.
 *
 * Nothing that an application has for all of its routes may change, keep or move these answers. Nest asks guards before
 * interceptors and pipes, and a method's filter before all others. So the last guard is what calls the method, and
 * the method's filter sends what came of it: interceptors, pipes and the application's filters are never reached.
 *
 * @param guards asked before the parameters are read
 */
export function Endpoint(form: ErrorForm, ...guards: Type<CanActivate>[]): MethodDecorator {
  return (target: object, name: string | symbol, descriptor: PropertyDescriptor) => {
    const serve = descriptor.value as Serve;
    const route = (): never => {
      throw new InternalServerErrorException(
        `${String(name)}() was reached without its guard, so what it answers could be kept or changed. ` +
          'Whatever wraps the methods of controllers has to keep their metadata.',
      );
    };
    descriptor.value = Object.defineProperty(route, 'name', { value: name });
    writeEndpoint(route, serve);
    for (const decorate of [
      Version(VERSION_NEUTRAL),
      UseGuards(...guards, EndpointGuard),
      UseFilters(new EndpointFilter(form)),
    ]) {
      decorate(target, name, descriptor);
    }
  };
}
