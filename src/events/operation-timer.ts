import { SafeLogger } from './safe-logger.js';

/** What is timed: the operations of the token service, and guarded requests that had to wait for the store. */
export type Operation = 'issue' | 'refresh' | 'verify' | 'revoke' | 'introspect';

/** @param seconds how long it took */
export type OperationListener = (operation: Operation, seconds: number, failed: boolean) => void;

/** Tells how long operations took. Without a listener nothing is measured. */
export class OperationTimer {
  private readonly logger = new SafeLogger();
  private listener: OperationListener | undefined;

  listen(listener: OperationListener): void {
    this.listener = listener;
  }

  /** Passes the outcome on as it is. */
  time<T>(operation: Operation, outcome: Promise<T>): Promise<T> {
    const { listener } = this;
    if (!listener) return outcome;
    const startedAt = performance.now();
    const told = (failed: boolean): void =>
      this.logger.contain('A metric', () =>
        listener(operation, (performance.now() - startedAt) / 1000, failed),
      );
    outcome.then(
      () => told(false),
      () => told(true),
    );
    return outcome;
  }
}
