import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuditRecord } from '../events/fastauth-event.js';
import { LoggerAuditSink } from './logger.audit-sink.js';

const lines: string[] = [];
const keep = (message: string): number => lines.push(message);

beforeEach(() => Logger.overrideLogger({ log: keep, warn: keep, error: keep }));
afterEach(() => {
  Logger.overrideLogger(['error', 'warn']);
  lines.length = 0;
});

const issued = (at: number): AuditRecord => ({
  type: 'token.issued',
  clientId: 'line\nbreak',
  familyId: 'f',
  at,
  correlationId: undefined,
});
const reused = (at: number): AuditRecord => ({ ...issued(at), type: 'token.reused' }) as AuditRecord;

describe('the audit log', () => {
  it.each([
    ['all', 2],
    ['warnings', 1],
    ['off', 0],
  ] as const)('logs at level %s', (level, count) => {
    const sink = new LoggerAuditSink(level);
    sink.record(issued(1));
    sink.record(reused(1));
    expect(lines).toHaveLength(count);
  });

  it('writes one line a record, whatever is in it', () => {
    new LoggerAuditSink('all').record(issued(1));
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0] as string)).toMatchObject({ type: 'token.issued', clientId: 'line\nbreak' });
  });

  it('writes at most 10 lines a second, and counts what it leaves out', () => {
    const sink = new LoggerAuditSink('all');
    for (let n = 0; n < 1000; n++) sink.record(reused(5 + n / 1000));
    expect(lines).toHaveLength(10);
    for (let n = 0; n < 1000; n++) sink.record(reused(6 + n / 1000));
    expect(lines).toHaveLength(20);
    expect(lines[10]).toBe('990 more records were left out.');
    sink.record(reused(8));
    expect(lines.slice(20)).toEqual(['991 more records were left out.', JSON.stringify(reused(8))]);
  });

  it('lets no flood of what strangers cause drown the rest', () => {
    const sink = new LoggerAuditSink('warnings');
    const denied = { ...reused(5), type: 'access.denied' } as unknown as AuditRecord;
    const refused = { ...reused(5), type: 'token.refused' } as unknown as AuditRecord;
    const limited = { ...reused(5), type: 'access.limited' } as unknown as AuditRecord;
    for (let n = 0; n < 100; n++) for (const record of [denied, refused, limited]) sink.record(record);
    expect(lines).toHaveLength(10);
    sink.record(reused(5));
    expect(lines.at(-1)).toBe(JSON.stringify(reused(5)));
  });
});
