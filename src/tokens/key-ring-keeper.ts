import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { KeySources } from '../config/key-sources.js';
import { ConfigError } from '../errors.js';
import type { KeyRing } from '../keys/key-ring.js';
import { KeyRingHolder } from '../keys/key-ring-holder.js';
import type { KeySchedule } from '../keys/key-schedule.js';
import type { FastauthEvents } from '../telemetry/fastauth-events.js';
import { SafeLogger } from '../telemetry/safe-logger.js';
import type { Clock } from './clock.js';

/** How often the key set file is looked at. A retired key is refused everywhere within 5 seconds. */
const LOOK_EVERY_MS = 1000;
/** How often the key provider is asked. */
const ASK_PROVIDER_EVERY_MS = 60_000;

/**
 * Keeps the ring in force in step with where keys are configured and with the time: changes of the key set file are
 * seen within a second, a `next` key signs from its time on. A source that fails leaves the ring as it is. Its timer
 * keeps no process alive.
 */
export class KeyRingKeeper implements OnModuleInit, OnModuleDestroy {
  /** Undefined while there is no key at all. */
  readonly holder: KeyRingHolder | undefined;
  readonly #logger = new SafeLogger();
  #built: { readonly ring: KeyRing; readonly fingerprint: string } | undefined;
  #version: string | undefined;
  #isFailing = false;
  #askedAt: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly sources: KeySources,
    private schedule: KeySchedule,
    version: string | undefined,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    private readonly faultsOf: (ring: KeyRing) => readonly string[],
  ) {
    this.#version = version;
    this.#askedAt = clock.now();
    const ring = this.#ring();
    this.holder =
      ring && new KeyRingHolder(ring, { load: () => this.#reloaded(ring), now: () => clock.now() });
  }

  /**
   * @param faultsOf what makes a ring unusable beside the rest of the configuration
   * @throws ConfigError keys that cannot be used
   */
  static async open(
    sources: KeySources,
    clock: Clock,
    events: FastauthEvents,
    faultsOf: (ring: KeyRing) => readonly string[],
  ): Promise<KeyRingKeeper> {
    const version = await sources.file?.version();
    const keeper = new KeyRingKeeper(sources, await sources.load(), version, clock, events, faultsOf);
    keeper.#assertUsable(keeper.holder?.current);
    return keeper;
  }

  onModuleInit(): void {
    if (this.holder) this.#wait();
  }

  onModuleDestroy(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    const now = this.clock.now();
    const change = this.schedule.nextChangeAfter(now / 1000);
    const delay = change === undefined ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, change * 1000 - now + 1);
    this.#timer = setTimeout(() => void this.#look(), delay);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    try {
      if (await this.#isDue()) await this.#reload();
      this.#apply();
    } catch (error) {
      this.#tell(error);
    }
    if (this.#timer === timer) this.#wait();
  }

  async #isDue(): Promise<boolean> {
    const version = await this.sources.file?.version();
    const isChanged = version !== this.#version;
    const isOld = this.sources.hasProvider && this.clock.now() - this.#askedAt >= ASK_PROVIDER_EVERY_MS;
    if (isOld) this.#askedAt = this.clock.now();
    return isChanged || isOld;
  }

  async #reload(): Promise<void> {
    // Before reading: what is written meanwhile is read the next time.
    const version = await this.sources.file?.version();
    const schedule = await this.sources.load();
    // Before anything has changed.
    this.#assertUsable(schedule.ringAt(this.clock.now() / 1000));
    this.schedule = schedule;
    this.#version = version;
    if (this.#isFailing) this.#logger.log('The keys were read again.');
    this.#isFailing = false;
  }

  #assertUsable(ring: KeyRing | undefined): void {
    const faults = ring ? this.faultsOf(ring) : [];
    if (faults.length > 0) throw new ConfigError(faults);
  }

  async #reloaded(ring: KeyRing): Promise<KeyRing> {
    try {
      await this.#reload();
    } catch (error) {
      this.#tell(error);
      throw error;
    }
    return this.#ring() ?? ring;
  }

  #apply(): void {
    const ring = this.#ring();
    if (ring && this.holder && this.holder.current !== ring) this.holder.replace(ring);
  }

  /** The ring of this moment: the same one as before unless something about it has changed. */
  #ring(): KeyRing | undefined {
    const now = this.clock.now() / 1000;
    const fingerprint = JSON.stringify(
      this.schedule
        .keysAt(now)
        .map(({ kid, thumbprint, algorithm, status, verifyUntil, acceptsMissingKid }) => [
          kid,
          thumbprint,
          algorithm,
          status,
          verifyUntil,
          acceptsMissingKid,
        ]),
    );
    const before = this.#built;
    if (before?.fingerprint === fingerprint) return before.ring;
    const ring = this.schedule.ringAt(now);
    // Without any key the old ring stays: its keys have ended and are refused one by one.
    if (!ring) return before?.ring;
    this.#built = { ring, fingerprint };
    if (before) this.#report(before.ring, ring);
    return ring;
  }

  #report(before: KeyRing, ring: KeyRing): void {
    const { kid } = ring.signingKey;
    if (kid !== before.signingKey.kid) {
      this.#logger.log(`Tokens are signed with the key ${kid} now.`);
      this.events.emit({ type: 'key.rotated', kid, previousKid: before.signingKey.kid });
    }
    const kept = new Set(ring.keys.map((key) => key.kid));
    for (const key of before.keys) {
      if (!kept.has(key.kid)) this.events.emit({ type: 'key.retired', kid: key.kid });
    }
  }

  /** One line, until it is mended. */
  #tell(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const reason = error instanceof ConfigError ? error.faults.join('; ') : (error as Error).name;
    this.#logger.error(`The keys cannot be read; those read before stay in force. ${reason}`);
  }
}
