import type { AuditRecord } from '../events/fastauth-event.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { SafeLogger } from '../events/safe-logger.js';

type AuditRecordTaker = (record: AuditRecord) => void | Promise<void>;

/** Stamps every event and hands it to those who keep them: the audit sink, an event emitter. */
export class AuditTrail {
  private readonly logger = new SafeLogger();
  private readonly takers: AuditRecordTaker[] = [];

  /** @param now milliseconds since the epoch */
  constructor(
    private readonly events: FastauthEvents,
    private readonly now: () => number,
  ) {}

  /** Hands all records from now on to `take` as well. Events that nobody takes cost nothing. */
  addTaker(take: AuditRecordTaker): void {
    if (this.takers.push(take) > 1) return;
    this.events.subscribe((event, correlationId) => {
      // A spread would cost ten times as much (measured under a flood of refusals).
      const record: AuditRecord = Object.assign({ at: this.now() / 1000, correlationId }, event);
      for (const takeOne of this.takers) this.hand(record, takeOne);
    });
  }

  private hand(record: AuditRecord, take: AuditRecordTaker): void {
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
