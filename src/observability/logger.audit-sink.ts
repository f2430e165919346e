import { Logger } from '@nestjs/common';
import type { AuditLogLevel } from '../config/fastauth-config.js';
import type { AuditRecord, FastauthEvent } from '../events/fastauth-event.js';
import { AuditSink } from './audit-sink.js';

const WARNINGS: ReadonlySet<FastauthEvent['type']> = new Set([
  'access.denied',
  'access.would_deny',
  'access.limited',
  'token.reused',
  'token.replayed',
  'token.refused',
]);
/** What anybody can cause at will. It has a budget of its own, so that it keeps nothing else out of the log. */
const FLOOD: ReadonlySet<FastauthEvent['type']> = new Set([
  'access.denied',
  'access.would_deny',
  'token.refused',
]);
/** A flood must fill neither disk nor event loop: together at most ten lines a second come of one. */
const FLOOD_LINES = 8;
const LIMITED_LINES = 2;
const LINES_PER_TYPE = 10;

/** How many lines of a kind were written in this second, and how many were left out. */
interface Budget {
  readonly lines: number;
  written: number;
  leftOut: number;
}

/**
 * Writes records as lines of JSON to Nest's logger, at most 10 a second of each type; what was left out is counted.
 * Refusals, which strangers cause as they like, have 8 together.
 */
export class LoggerAuditSink extends AuditSink {
  private readonly logger = new Logger('FastauthAudit');
  private readonly budgets = new Map<string, Budget>();
  private second = 0;

  constructor(private readonly level: AuditLogLevel) {
    super();
  }

  get isOff(): boolean {
    return this.level === 'off';
  }

  record(record: AuditRecord): void {
    const isWarning = WARNINGS.has(record.type);
    if (this.isOff || (this.level === 'warnings' && !isWarning)) return;
    const second = Math.floor(record.at);
    if (second !== this.second) this.begin(second);
    const budget = this.budgetOf(record.type);
    if (budget.written >= budget.lines) {
      budget.leftOut++;
      return;
    }
    budget.written++;
    const line = JSON.stringify(record);
    if (isWarning) this.logger.warn(line);
    else this.logger.log(line);
  }

  /** Tells what was left out in the second before, as a line of that budget. */
  private begin(second: number): void {
    this.second = second;
    for (const budget of this.budgets.values()) {
      const { leftOut } = budget;
      budget.written = leftOut > 0 ? 1 : 0;
      budget.leftOut = 0;
      if (leftOut > 0) this.logger.warn(`${leftOut} more records were left out.`);
    }
  }

  private budgetOf(type: FastauthEvent['type']): Budget {
    const kind = FLOOD.has(type) ? 'flood' : type;
    let budget = this.budgets.get(kind);
    if (!budget) this.budgets.set(kind, (budget = { lines: linesOf(type), written: 0, leftOut: 0 }));
    return budget;
  }
}

function linesOf(type: FastauthEvent['type']): number {
  if (FLOOD.has(type)) return FLOOD_LINES;
  return type === 'access.limited' ? LIMITED_LINES : LINES_PER_TYPE;
}
