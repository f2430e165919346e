import type { Type } from '@nestjs/common';

/** Shared by all copies of the package. */
const ENDS_WITH_TOKEN = Symbol.for('nestjs-fastauth:ends with token');

/**
 * On a class or a method whose answers last, such as long downloads: an answer is cut within a second of the end of the
 * token that it was asked for with (expiry, revocation, a refresh, a newer session). Server-Sent Events (`@Sse()`) are
 * without it. It asks for no token: what does says so besides.
 *
 * @example
 * \@AccessOnly()
 * \@EndsWithToken()
 * \@Get('export')
 * export() {
 *   return new StreamableFile(this.exports.stream());
 * }
 */
export function EndsWithToken(): ClassDecorator & MethodDecorator {
  return (target: object, name?: string | symbol, descriptor?: PropertyDescriptor): void => {
    if (name === undefined) return Reflect.defineMetadata(ENDS_WITH_TOKEN, true, target);
    // By name, which holds whatever wraps the method; on the function for whoever copies it to another class.
    Reflect.defineMetadata(ENDS_WITH_TOKEN, true, target, name);
    Reflect.defineMetadata(ENDS_WITH_TOKEN, true, descriptor?.value as object);
  };
}

/** Whether a method, an overridden one of its name, or its class is marked so. */
export function endsWithToken(controller: Type<unknown>, name: string | symbol, handler: object): boolean {
  return (
    Reflect.getMetadata(ENDS_WITH_TOKEN, controller) === true ||
    Reflect.getMetadata(ENDS_WITH_TOKEN, controller.prototype as object, name) === true ||
    Reflect.getMetadata(ENDS_WITH_TOKEN, handler) === true
  );
}
