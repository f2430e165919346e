/**
 * Refuses a misspelt option, which would be ignored in silence.
 * @param caller as it is called, for the message
 * @param known every name that there is
 * @throws TypeError one has another name
 */
export function assertKnownOptions(caller: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new TypeError(`${caller}: unknown option ${JSON.stringify(unknown)}; there are ${known.join(', ')}.`);
}
