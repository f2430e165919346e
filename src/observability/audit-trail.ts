import type { AuditRecord } from '../events/fastauth-event.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { SafeLogger } from '../events/safe-logger.js';
import type { AuditSink } from './audit-sink.js';

/** Stamps every event and hands it to those who keep them: the audit sink, an event emitter. */
export class AuditTrail {
  private readonly logger = new SafeLogger();
  private readonly takers: ((record: AuditRecord) => void | Promise<void>)[] = [];

  /** @param now milliseconds since the epoch */
  constructor(events: FastauthEvents, sink: AuditSink, now: () => number) {
    this.takers.push((record) => sink.record(record));
    events.subscribe((event, correlationId) => {
      // A spread would cost ten times as much (measured under a flood of refusals).
      const record: AuditRecord = Object.assign({ at: now() / 1000, correlationId }, event);
      for (const take of this.takers) this.hand(record, take);
    });
  }

  /** Hands all records from now on to `take` as well. */
  addTaker(take: (record: AuditRecord) => void): void {
    this.takers.push(take);
  }

  private hand(record: AuditRecord, take: (record: AuditRecord) => void | Promise<void>): void {
    try {
      const taken = take(record);
      if (taken instanceof Promise) taken.catch((error) => this.complain(record, error));
    } catch (error) {
      this.complain(record, error);
    }
  }

  private complain({ type }: AuditRecord, error: unknown): void {
    this.logger.failure(`Keeping the audit record ${type}`, error);
  }
}
