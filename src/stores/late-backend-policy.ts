import type { BackendCall, BackendPolicy, BackendPolicyOptions } from './backend-policy.js';

/**
 * A {@link BackendPolicy} that is loaded at the first call, so that applications that keep sessions elsewhere do not wait
 * for it when they start.
 */
export class LateBackendPolicy {
  #policy: BackendPolicy | undefined;

  constructor(private readonly options: BackendPolicyOptions) {}

  /** As {@link BackendPolicy.read}. */
  read<T>(call: BackendCall<T>, until?: number): Promise<T> {
    return this.#policy?.read(call, until) ?? this.#load().then((policy) => policy.read(call, until));
  }

  /** As {@link BackendPolicy.write}. */
  write<T>(call: BackendCall<T>, until?: number): Promise<T> {
    return this.#policy?.write(call, until) ?? this.#load().then((policy) => policy.write(call, until));
  }

  async #load(): Promise<BackendPolicy> {
    const { BackendPolicy: Policy } = await import('./backend-policy.js');
    // Calls that came meanwhile have to count together.
    return (this.#policy ??= new Policy(this.options));
  }
}
