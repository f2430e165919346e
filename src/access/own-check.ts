import type { Type } from '@nestjs/common';

const OWN_CHECK = Symbol('fastauth:own check');

/**
 * Names what an endpoint of ours demands by itself, where guards ask for nothing.
 * @param what for people: `console cookie`
 */
export function ChecksItself(what: string): MethodDecorator {
  return (target: object, name: string | symbol) => {
    Reflect.defineMetadata(OWN_CHECK, what, target, name);
  };
}

/** What an endpoint of ours demands by itself; undefined: nothing. */
export function ownCheckOf(controller: Type<unknown>, method: string): string | undefined {
  return Reflect.getMetadata(OWN_CHECK, controller.prototype as object, method) as string | undefined;
}
