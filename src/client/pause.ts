const FIRST = 250;
const LONGEST = 30_000;

/**
 * Waits before an attempt is repeated: longer each time, and by chance, so that clients which failed together do not
 * come back together.
 * @param attempt how many have failed before
 * @param response may say by `Retry-After`, in seconds, how long at least
 */
export function pause(attempt: number, response?: Response): Promise<void> {
  const least = Math.min(Number(response?.headers.get('retry-after')) * 1000 || 0, LONGEST);
  return wait(least + Math.min(Math.random() * FIRST * 2 ** attempt, LONGEST));
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}
