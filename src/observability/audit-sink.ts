import type { AuditRecord } from '../events/fastauth-event.js';

/**
 * Where the audit trail goes. Extend it and pass it as `forRoot({ auditSink })`; without one of your own, records
 * go to Nest's logger as `audit-log` says.
 */
export abstract class AuditSink {
  /** Keeps one record. It is not waited for: what throws or rejects is logged by its name, and harms no request. */
  abstract record(record: AuditRecord): void | Promise<void>;
}
