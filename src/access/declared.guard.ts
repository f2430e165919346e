import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  Optional,
  type Type,
} from '@nestjs/common';
import { GUARDS_METADATA } from '../nest.js';
import { declaredRequirement } from './declared-requirement.js';
import { BOTH } from './requirement.js';
import { AccessDeniedException, DENIALS } from './denial.js';
import { findHandlerNames, methodNamesOf } from './handler-names.js';

/** By this every copy of the package finds the application's guard, a `CanActivate`. */
export const DECLARED_ACCESS = Symbol.for('nestjs-fastauth:declared access');
/** Marks the guard of every copy of the package. */
const IS_OURS = Symbol.for('nestjs-fastauth:declared guard');

/**
 * The guard that our decorators bring along, so that they hold where no global guard is asked: a microservice without
 * `inheritAppConfig`, `globalGuard: false`, GraphQL. Without {@link FastauthModule} nobody could tell who may enter, so
 * nobody may.
 */
@Injectable()
export class DeclaredGuard implements CanActivate {
  static readonly [IS_OURS] = true;

  private readonly told = new WeakSet<object>();

  constructor(@Optional() @Inject(DECLARED_ACCESS) private readonly access?: CanActivate) {}

  canActivate(context: ExecutionContext): ReturnType<CanActivate['canActivate']> {
    if (this.access) return this.access.canActivate(context);
    if (isOpenWithoutModule(context)) return true;
    this.tell(context.getClass());
    throw new AccessDeniedException(DENIALS.moduleNotImported);
  }

  private tell(controller: Type<unknown>): void {
    if (this.told.has(controller)) return;
    this.told.add(controller);
    new Logger('Fastauth').error(
      `${controller.name} asks for a token by its decorators, but FastauthModule is not imported, so all such calls are refused. ` +
        'Add FastauthModule.forRoot() to the imports of the root module.',
    );
  }
}

/** Puts the guard before all others of a class or method, once. */
export function bringGuard(place: object): void {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, place) ?? []) as readonly object[];
  if (guards[0] && isDeclaredGuard(guards[0])) return;
  Reflect.defineMetadata(
    GUARDS_METADATA,
    [DeclaredGuard, ...guards.filter((guard) => !isDeclaredGuard(guard))],
    place,
  );
}

/** Whether this is {@link DeclaredGuard}, of whatever copy of the package. */
export function isDeclaredGuard(guard: object): boolean {
  return Object.hasOwn(guard, IS_OURS);
}

/** Whether no decorator asks for anything at this method; not so where it cannot be told which method it is. */
function isOpenWithoutModule(context: ExecutionContext): boolean {
  const controller = context.getClass();
  const handler = context.getHandler();
  const names = findHandlerNames(controller, handler) ?? methodNamesOf(controller);
  const closed = { issuance: BOTH, introspection: BOTH };
  return names.every((name) => declaredRequirement(controller, name, closed, handler)?.isOpen !== false);
}
