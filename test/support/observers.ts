import { Controller, Get, Inject, Injectable } from '@nestjs/common';
import { OnEvent } from '@nestjs/event-emitter';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { AuditSink, type AuditRecord, FastauthHealthIndicator, Public } from '../../src/index.js';

/** Keeps the audit trail. */
export class KeepingSink extends AuditSink {
  readonly records: AuditRecord[] = [];
  record(record: AuditRecord): void {
    this.records.push(record);
  }

  /** What is recorded while something is done. */
  async during(act: () => Promise<unknown>): Promise<AuditRecord[]> {
    const before = this.records.length;
    await act();
    return this.records.slice(before);
  }
}

/** Hears what the event emitter is told. */
@Injectable()
export class Listener {
  readonly heard: AuditRecord[] = [];

  @OnEvent('fastauth.**')
  hear(record: AuditRecord): void {
    this.heard.push(record);
  }
}

@Controller('healthz')
export class HealthController {
  @Inject(HealthCheckService)
  private readonly health!: HealthCheckService;

  @Inject(FastauthHealthIndicator)
  private readonly fastauth!: FastauthHealthIndicator;

  @Get()
  @Public()
  @HealthCheck()
  check(): unknown {
    return this.health.check([() => this.fastauth.isHealthy()]);
  }
}
