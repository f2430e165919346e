import type { Type } from '@nestjs/common';
import { PATH_METADATA } from '../nest.js';
import { ConfigError } from '../errors.js';

/**
 * A class of one registration's own, because its paths are set on the class: two applications share nothing.
 * @throws ConfigError Nest would make the controller without what its constructor takes, and each request would fail
 */
export function ownController(base: Type): Type {
  const isDeclared = ['design:paramtypes', 'self:paramtypes'].some((key) => Reflect.hasMetadata(key, base));
  if (base.length > 0 && !isDeclared) {
    throw new ConfigError([
      `"tokenController": the constructor of ${base.name} has parameters, and no decorator tells Nest which: put ` +
        '@Injectable() on the class, and the modules that export what it needs into "imports" beside "tokenController"',
    ]);
  }
  const own = class extends base {};
  Object.defineProperty(own, 'name', { value: base.name });
  return own;
}

/** Hosts and versions that an application has declared its controller with go on holding, for routes of its own. */
export function placeController(controller: Type, paths: string | readonly string[]): void {
  Reflect.defineMetadata(PATH_METADATA, paths, controller);
}
