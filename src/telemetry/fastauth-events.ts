import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, Logger } from '@nestjs/common';
import type { FastauthEvent } from './fastauth-event.js';
import { OperationTimer } from './operation-timer.js';

/** @param correlationId of the request that the event belongs to; undefined outside of requests */
export type FastauthEventListener = (event: FastauthEvent, correlationId: string | undefined) => void;

/** Tells listeners what happened, while it happens. A listener that throws harms nobody but itself. */
@Injectable()
export class FastauthEvents {
  /** @internal how long operations take, for metrics */
  readonly operations = new OperationTimer();

  private readonly logger = new Logger('Fastauth');
  private readonly listeners = new Set<FastauthEventListener>();
  private readonly correlationIds = new AsyncLocalStorage<string>();

  /** @returns a function that ends the subscription */
  subscribe(listener: FastauthEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Runs `act`; the events of all that it does carry this correlation id. */
  correlated<T>(correlationId: string, act: () => T): T {
    return this.correlationIds.run(correlationId, act);
  }

  emit(event: FastauthEvent, correlationId = this.correlationIds.getStore()): void {
    for (const listener of this.listeners) {
      try {
        listener(event, correlationId);
      } catch (error) {
        this.logger.error(
          `A listener of ${event.type} failed: ${error instanceof Error ? error.name : 'unknown error'}`,
        );
      }
    }
  }
}
