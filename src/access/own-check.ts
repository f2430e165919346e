import type { Type } from '@nestjs/common';

const OWN_CHECK = Symbol('fastauth:own check');

/**
 * Says without what an endpoint of ours refuses by itself, where guards ask for nothing.
 * @param what for people: `console cookie`
 */
export function ChecksItself(what: string): MethodDecorator {
  return (target: object, name: string | symbol) => {
    Reflect.defineMetadata(OWN_CHECK, what, target, name);
  };
}

/** Without what an endpoint of ours refuses by itself; undefined: nothing. */
export function ownCheckOf(controller: Type<unknown>, method: string): string | undefined {
  return Reflect.getMetadata(OWN_CHECK, controller.prototype as object, method) as string | undefined;
}
