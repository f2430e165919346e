/** A tab that was suspended while it refreshed shall not hold up the others for ever. */
const PATIENCE = 15_000;

interface Locks {
  request<T>(name: string, options: { signal: AbortSignal }, work: () => Promise<T>): Promise<T>;
}

/**
 * Does work that only one tab may do at a time, where the browser can see to that.
 * @param work is told whether it is alone
 * @see https://www.w3.org/TR/web-locks/
 */
export async function locked<T>(name: string, work: (isAlone: boolean) => Promise<T>): Promise<T> {
  const { locks } = (globalThis as { navigator?: { locks?: Locks } }).navigator ?? {};
  if (!locks) return work(false);
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), PATIENCE);
  let done: Promise<T> | undefined;
  try {
    await locks.request(name, { signal: aborter.signal }, () => {
      clearTimeout(timer);
      return (done = work(true));
    });
  } catch {
    // It was the work that failed, and says so below, or there is no lock to be had.
  }
  clearTimeout(timer);
  return done ?? work(false);
}
