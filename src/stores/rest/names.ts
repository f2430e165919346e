/**
 * Under which other name the Python original has put a client's record: it pastes the identifier into the URL as it is,
 * and the API reads `+` as a space and `%41` as `A`.
 * @returns undefined where that is the identifier itself, or where it has cut the query in two: what was stored then
 * bears the name of somebody else
 */
export function nameByPython(clientId: string): string | undefined {
  if (/[&#]/.test(clientId)) return undefined;
  const name = new URLSearchParams(`client_id=${clientId}`).get('client_id');
  return name === null || name === clientId ? undefined : name;
}
