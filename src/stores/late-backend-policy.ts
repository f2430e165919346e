import type { BackendCall, BackendPolicy, BackendPolicyOptions } from './backend-policy.js';

/**
 * A {@link BackendPolicy} that is loaded at the first call, so that applications that keep sessions elsewhere do not wait
 * for it when they start.
 */
export class LateBackendPolicy {
  #policy: Promise<BackendPolicy> | undefined;

  constructor(private readonly options: BackendPolicyOptions) {}

  /** As {@link BackendPolicy.read}. */
  async read<T>(call: BackendCall<T>): Promise<T> {
    return (await this.#loaded()).read(call);
  }

  /** As {@link BackendPolicy.write}. */
  async write<T>(call: BackendCall<T>): Promise<T> {
    return (await this.#loaded()).write(call);
  }

  #loaded(): Promise<BackendPolicy> {
    return (this.#policy ??= import('./backend-policy.js').then(
      ({ BackendPolicy }) => new BackendPolicy(this.options),
    ));
  }
}
