/** The shape that @nestjs/terminus takes from health indicators. */
export type HealthResult = Record<string, { readonly status: 'up' | 'down'; readonly message?: string }>;

/**
 * Tells whether tokens can be issued and verified now: there is a key, and the store answers.
 *
 * @example
 * \@Get('health') \@HealthCheck()
 * check() {
 *   return this.health.check([() => this.fastauth.isHealthy()]);
 * }
 */
export class FastauthHealthIndicator {
  /** @param probe rejects with what is wrong */
  constructor(private readonly probe: () => Promise<void>) {}

  /** @param key under which the result stands. Default: `fastauth` */
  async isHealthy(key = 'fastauth'): Promise<HealthResult> {
    try {
      await this.probe();
      return { [key]: { status: 'up' } };
    } catch (error) {
      return { [key]: { status: 'down', message: error instanceof Error ? error.message : 'unknown' } };
    }
  }
}
