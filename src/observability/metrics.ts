import { Injectable, type OnModuleInit } from '@nestjs/common';
import { FastauthEvents } from '../events/fastauth-events.js';

/** Where all copies of @opentelemetry/api 1.x keep what is registered with them. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');

/** Totals since the start, read when metrics are collected, so that guarded requests only add one to a number. */
export interface MetricSources {
  /** Met requirements by level. */
  readonly admitted: () => Readonly<Record<string, number>>;
  /** The verified-token cache. */
  readonly cacheLookups: () => { readonly hits: number; readonly misses: number };
}

/**
 * Metrics through @opentelemetry/api, where the application has it (without an SDK behind it, it is not even loaded):
 * - `fastauth.events`: what happened, by `type`, and `code` of denials;
 * - `fastauth.admitted`: met requirements, by `level`;
 * - `fastauth.verified_token_cache.lookups`: by `result`, `hit` or `miss`;
 * - `fastauth.operation.duration`: seconds, by `operation` and `outcome`.
 */
@Injectable()
export class FastauthMetrics implements OnModuleInit {
  constructor(
    private readonly events: FastauthEvents,
    private readonly sources: MetricSources,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!hasMeterProvider()) return;
    const api = await import('@opentelemetry/api').catch(() => undefined);
    if (!api) return;
    const meter = api.metrics.getMeter('nestjs-fastauth');

    const events = meter.createCounter('fastauth.events', { description: 'What happened, by type.' });
    this.events.subscribe((event) =>
      events.add(
        1,
        event.type === 'access.denied' || event.type === 'access.would_deny'
          ? { type: event.type, code: event.code }
          : { type: event.type },
      ),
    );

    const durations = meter.createHistogram('fastauth.operation.duration', {
      description: 'How long operations of the token service took.',
      unit: 's',
      advice: { explicitBucketBoundaries: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
    });
    this.events.operations.listen((operation, seconds, failed) =>
      durations.record(seconds, { operation, outcome: failed ? 'error' : 'ok' }),
    );

    meter
      .createObservableCounter('fastauth.admitted', { description: 'Met requirements, by level.' })
      .addCallback((result) => {
        for (const [level, total] of Object.entries(this.sources.admitted()))
          result.observe(total, { level });
      });
    meter
      .createObservableCounter('fastauth.verified_token_cache.lookups', {
        description: 'Look-ups in the verified-token cache, by result.',
      })
      .addCallback((result) => {
        const { hits, misses } = this.sources.cacheLookups();
        result.observe(hits, { result: 'hit' });
        result.observe(misses, { result: 'miss' });
      });
  }
}

/** A meter that is made before an SDK is registered stays without one, so that asking later would be of no use. */
function hasMeterProvider(): boolean {
  const { [REGISTERED]: registered } = globalThis as { [REGISTERED]?: { readonly metrics?: unknown } };
  return registered?.metrics !== undefined;
}
