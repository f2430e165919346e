import { Injectable, Logger } from '@nestjs/common';
import type { FastauthEvent } from './fastauth-event.js';

export type FastauthEventListener = (event: FastauthEvent) => void;

/** Tells listeners what happened. A listener that throws harms nobody but itself. */
@Injectable()
export class FastauthEvents {
  private readonly logger = new Logger('Fastauth');
  private readonly listeners = new Set<FastauthEventListener>();

  /** @returns a function that ends the subscription */
  subscribe(listener: FastauthEventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  emit(event: FastauthEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        this.logger.error(
          `A listener of ${event.type} failed: ${error instanceof Error ? error.name : 'unknown error'}`,
        );
      }
    }
  }
}
