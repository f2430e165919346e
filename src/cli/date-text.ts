/** A time of epoch seconds for people. */
export function dateOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
