import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { Clock } from '../clock.js';
import type { KeySetFile } from '../config/key-set-file.js';
import type { KeySources } from '../config/key-sources.js';
import { ConfigError } from '../errors.js';
import type { FastauthEvents } from '../events/fastauth-events.js';
import { SafeLogger } from '../events/safe-logger.js';
import type { KeyRing } from '../keys/key-ring.js';
import { ActiveKeyRing } from '../keys/active-key-ring.js';
import type { KeySchedule } from '../keys/key-schedule.js';
import { type ListedKey, listKeys } from '../keys/listed-key.js';
import { shortSecretWarnings } from '../keys/short-secret.js';

/** How often the key set file is looked at. A retired key is refused everywhere within 5 seconds. */
const LOOK_EVERY_MS = 1000;
/** How often the key provider is asked. */
const ASK_PROVIDER_EVERY_MS = 60_000;

/** What can fail by itself. */
type Part = 'file' | 'provider' | 'ring';

/**
 * Keeps the ring in force in step with where keys are configured and with the time: changes of the key set file are
 * seen within a second, a `next` key signs from its time on. A source that fails, or has gone, leaves what it said
 * last in force, and keeps nothing else from changing. Its timer keeps no process alive.
 */
export class KeyRingWatcher implements OnModuleInit, OnModuleDestroy {
  /** Undefined while there is no key at all. */
  readonly active: ActiveKeyRing | undefined;
  readonly #logger = new SafeLogger();
  readonly #faults = new Map<Part, string>();
  readonly #warned = new Set<string>();
  #schedule: KeySchedule;
  #built: { readonly ring: KeyRing; readonly fingerprint: string } | undefined;
  #asking: Promise<void> | undefined;
  #askedAt: number;
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly sources: KeySources,
    private readonly clock: Clock,
    private readonly events: FastauthEvents,
    private readonly faultsOf: (ring: KeyRing) => readonly string[],
  ) {
    this.#schedule = sources.schedule;
    this.#askedAt = clock.now();
    const ring = this.#ring();
    this.active =
      ring && new ActiveKeyRing(ring, { load: () => this.#reloaded(ring), now: () => clock.now() });
  }

  /**
   * @param faultsOf what makes a ring unusable beside the rest of the configuration
   * @throws ConfigError keys that cannot be used, or that were to be read somewhere and are not there
   */
  static async open(
    sources: KeySources,
    clock: Clock,
    events: FastauthEvents,
    faultsOf: (ring: KeyRing) => readonly string[],
  ): Promise<KeyRingWatcher> {
    await sources.load();
    const watcher = new KeyRingWatcher(sources, clock, events, faultsOf);
    watcher.#assertThere();
    watcher.#assertUsable(watcher.active?.current);
    watcher.#warn();
    return watcher;
  }

  /** @internal What is in force now, with where it was read. */
  get listed(): readonly ListedKey[] {
    return listKeys(this.#schedule, this.clock.now() / 1000);
  }

  /** @internal Where a rotation writes its key; undefined where there is no key set file. */
  get file(): KeySetFile | undefined {
    return this.sources.file;
  }

  onModuleInit(): void {
    if (this.active) this.#wait();
  }

  onModuleDestroy(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #wait(): void {
    const now = this.clock.now();
    const change = this.#schedule.nextChangeAfter(now / 1000);
    const delay = change === undefined ? LOOK_EVERY_MS : Math.min(LOOK_EVERY_MS, change * 1000 - now + 1);
    this.#timer = setTimeout(() => void this.#look(), delay);
    this.#timer.unref();
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    // Not waited for: it has ten seconds, in which a key may be retired by the file.
    if (this.sources.hasProvider && this.clock.now() - this.#askedAt >= ASK_PROVIDER_EVERY_MS) {
      void this.#askProvider().then(() => this.#apply());
    }
    await this.#try('file', () => this.sources.readFile());
    this.#apply();
    if (this.#timer === timer) this.#wait();
  }

  #askProvider(): Promise<void> {
    this.#askedAt = this.clock.now();
    return (this.#asking ??= this.#try('provider', () => this.sources.askProvider()).finally(() => {
      this.#asking = undefined;
    }));
  }

  /** For a `kid` that is not known. */
  async #reloaded(ring: KeyRing): Promise<KeyRing> {
    // What is under way may have begun before the key was there.
    await this.#asking;
    await Promise.all([this.#try('file', () => this.sources.readFile()), this.#askProvider()]);
    this.#apply();
    return this.active?.current ?? ring;
  }

  /** Puts in force what was read and what the time has changed. */
  #apply(): void {
    try {
      const { schedule } = this.sources;
      if (schedule !== this.#schedule) {
        // Before anything has changed.
        this.#assertUsable(schedule.ringAt(this.clock.now() / 1000));
        this.#schedule = schedule;
        this.#warn();
      }
      const ring = this.#ring();
      if (ring && this.active && this.active.current !== ring) this.active.replace(ring);
      this.#mended('ring');
    } catch (error) {
      this.#tell('ring', error);
    }
  }

  #assertThere(): void {
    const { sources, active } = this;
    const path = sources.file?.path;
    if (path !== undefined && !active) {
      throw new ConfigError([
        `key-set-file ${path} ${sources.lacksFile ? 'is not there' : 'holds no key'}, and there is no other key; ` +
          'make one with "npx fastauth keys rotate", or mount the folder that has the file',
      ]);
    }
    if (sources.lacksFile) {
      this.#logger.warn(
        `key-set-file ${path} is not there: only the other keys are in force, including any that the file may have ` +
          'retired. The first "npx fastauth keys rotate" makes it; if it was made before, stop and mount its folder.',
      );
    }
  }

  #assertUsable(ring: KeyRing | undefined): void {
    const faults = ring ? this.faultsOf(ring) : [];
    if (faults.length > 0) throw new ConfigError(faults);
  }

  /** The ring of this moment: the same one as before unless something about it has changed. */
  #ring(): KeyRing | undefined {
    const now = this.clock.now() / 1000;
    const fingerprint = JSON.stringify(
      this.#schedule
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
    const ring = this.#schedule.ringAt(now);
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

  /** Secrets that the configuration does not hold; it has its own warnings. */
  #warn(): void {
    for (const warning of shortSecretWarnings(this.sources.brought)) {
      if (!this.#warned.has(warning)) this.#logger.warn(warning);
      this.#warned.add(warning);
    }
  }

  async #try(part: Part, reading: () => Promise<void>): Promise<void> {
    try {
      await reading();
      this.#mended(part);
    } catch (error) {
      this.#tell(part, error);
    }
  }

  #mended(part: Part): void {
    if (this.#faults.delete(part)) this.#logger.log('The keys were read again.');
  }

  /** One line, until it is mended or something else is wrong. */
  #tell(part: Part, error: unknown): void {
    const reason = error instanceof ConfigError ? error.faults.join('; ') : (error as Error).name;
    if (this.#faults.get(part) === reason) return;
    this.#faults.set(part, reason);
    this.#logger.error(`The keys cannot be read; those read before stay in force. ${reason}`);
  }
}
