import type { ModuleMetadata, Provider } from '@nestjs/common';
import { ACCESS, BOTH, MASTER } from '../access/requirement.js';
import { Gate } from '../access/gate.js';
import { Clock } from '../clock.js';
import { FASTAUTH_CONFIG, type FastauthConfig } from '../config/fastauth-config.js';
import { type Given, givenProvider } from '../config/given-provider.js';
import { FastauthEvents } from '../events/fastauth-events.js';
import { AccessTokens } from '../tokens/access-tokens.js';
import { AuditSink } from './audit-sink.js';
import { AuditTrail } from './audit-trail.js';
import { EventEmitterBridge } from './event-emitter.bridge.js';
import { FastauthHealthIndicator } from './health-indicator.js';
import { LoggerAuditSink } from './logger.audit-sink.js';
import { FastauthMetrics } from './metrics.js';

const LOGGER_SINK: Provider = {
  provide: AuditSink,
  inject: [FASTAUTH_CONFIG],
  useFactory: ({ auditLog }: FastauthConfig) => new LoggerAuditSink(auditLog),
};

/** @param auditSink of the application's own; undefined: Nest's logger */
export function observabilityProviders(auditSink: Given<AuditSink> | undefined): ModuleMetadata {
  return {
    providers: [
      auditSink === undefined ? LOGGER_SINK : givenProvider(AuditSink, auditSink),
      {
        provide: AuditTrail,
        inject: [FastauthEvents, AuditSink, Clock],
        useFactory: (events: FastauthEvents, sink: AuditSink, clock: Clock) => {
          const trail = new AuditTrail(events, () => clock.now());
          if (!(sink instanceof LoggerAuditSink && sink.isOff))
            trail.addTaker((record) => sink.record(record));
          return trail;
        },
      },
      EventEmitterBridge,
      { provide: FastauthMetrics, inject: [FastauthEvents, Gate, AccessTokens], useFactory: metricsOf },
      {
        provide: FastauthHealthIndicator,
        inject: [AccessTokens],
        useFactory: (tokens: AccessTokens) => new FastauthHealthIndicator(() => tokens.ping()),
      },
    ],
    exports: [FastauthHealthIndicator],
  };
}

function metricsOf(events: FastauthEvents, gate: Gate, tokens: AccessTokens): FastauthMetrics {
  return new FastauthMetrics(events, {
    admitted: () =>
      Object.fromEntries(
        [ACCESS, MASTER, BOTH].map((level) => [level.describe(), gate.admitted[level.credentials] ?? 0]),
      ),
    cacheLookups: () => tokens.cacheLookups,
  });
}
