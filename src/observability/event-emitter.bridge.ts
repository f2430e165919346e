import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { AuditTrail } from './audit-trail.js';

/** What of an `EventEmitter2` is used here; its package is not imported by types. */
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

  constructor(
    modules: ModuleRef,
    private readonly trail: AuditTrail,
  ) {
    this.#modules = modules;
  }

  async onModuleInit(): Promise<void> {
    const emitter = await this.emitter();
    if (emitter) this.trail.addTaker((record) => void emitter.emit(`fastauth.${record.type}`, record));
  }

  private async emitter(): Promise<Emitter | undefined> {
    try {
      const { EventEmitter2 } = await import('@nestjs/event-emitter');
      return this.#modules.get<Emitter>(EventEmitter2, { strict: false });
    } catch {
      // The package is not installed, or its module not imported: nobody asked for it.
      return undefined;
    }
  }
}
