import { Injectable, type OnModuleInit, type Type } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { AuditTrail } from './audit-trail.js';

/** What of an `EventEmitter2` is used here. Its package is not imported: that would slow the start of applications without it. */
interface Emitter {
  emit(event: string, payload: object): unknown;
}

/**
 * Where the application imports `EventEmitterModule` of @nestjs/event-emitter, every audit record is emitted there
 * as `fastauth.<type>`, such as `fastauth.token.reused`.
 */
@Injectable()
export class EventEmitterBridge implements OnModuleInit {
  readonly #modules: ModuleRef;
  readonly #container: ModulesContainer;

  constructor(
    modules: ModuleRef,
    container: ModulesContainer,
    private readonly trail: AuditTrail,
  ) {
    this.#modules = modules;
    this.#container = container;
  }

  onModuleInit(): void {
    const token = [...this.#container.values()]
      .flatMap(({ providers }) => [...providers.keys()])
      .find(isEventEmitter2);
    if (token === undefined) return;
    const emitter = this.#modules.get<Emitter>(token, { strict: false });
    this.trail.addTaker((record) => void emitter.emit(`fastauth.${record.type}`, record));
  }
}

/** By its own methods, since a bundler may give the class another name. */
function isEventEmitter2(token: unknown): token is Type {
  if (typeof token !== 'function') return false;
  const prototype: unknown = token.prototype;
  const names = ['emitAsync', 'onAny', 'waitFor'];
  return names.every((name) => prototype instanceof Object && Object.hasOwn(prototype, name));
}
