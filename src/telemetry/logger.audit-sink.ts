import { Logger } from '@nestjs/common';
import { AuditSink } from './audit-sink.js';
import type { AuditRecord, FastauthEvent } from './fastauth-event.js';

/** What is logged: everything, what may be an attack, or nothing. */
export type AuditLogLevel = 'all' | 'warnings' | 'off';

const WARNINGS: ReadonlySet<FastauthEvent['type']> = new Set([
  'access.denied',
  'access.limited',
  'token.reused',
]);
/** A flood must fill neither disk nor event loop. */
const LINES_PER_SECOND = 10;

/** Writes records as lines of JSON to Nest's logger, at most 10 a second; what was left out is counted. */
export class LoggerAuditSink extends AuditSink {
  private readonly logger = new Logger('FastauthAudit');
  private second = 0;
  private lines = 0;
  private leftOut = 0;

  constructor(private readonly level: AuditLogLevel) {
    super();
  }

  record(record: AuditRecord): void {
    const isWarning = WARNINGS.has(record.type);
    if (this.level === 'off' || (this.level === 'warnings' && !isWarning)) return;
    const second = Math.floor(record.at);
    if (second !== this.second) {
      if (this.leftOut > 0) this.logger.warn(`${this.leftOut} more records were left out.`);
      this.second = second;
      this.lines = this.leftOut > 0 ? 1 : 0;
      this.leftOut = 0;
    }
    if (this.lines >= LINES_PER_SECOND) {
      this.leftOut++;
      return;
    }
    this.lines++;
    const line = JSON.stringify(record);
    if (isWarning) this.logger.warn(line);
    else this.logger.log(line);
  }
}
