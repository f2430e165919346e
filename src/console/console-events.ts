import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.js';
import type { FastauthEvents } from '../events/fastauth-events.js';

/** How many events are kept. */
const KEPT = 200;

/** Keeps the latest events of this process, as they are told to audits. */
export class ConsoleEvents {
  /** Tells the events of several processes behind one address apart. */
  private readonly process = randomUUID();
  private readonly kept: object[] = [];
  private count = 0;

  constructor(events: FastauthEvents, clock: Clock) {
    events.subscribe((event, correlationId) => {
      this.count++;
      this.kept.push({
        ...event,
        at: clock.now() / 1000,
        correlationId,
        id: `${this.process}:${this.count}`,
      });
      if (this.kept.length > KEPT) this.kept.shift();
    });
  }

  /** Oldest first. */
  list(): object {
    return { events: this.kept };
  }
}
