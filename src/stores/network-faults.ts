/** What the system says when a server cannot be reached. */
const NETWORK_FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (yet)',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'the name of its host cannot be looked up',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it did not answer within the time limit',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer within the time limit',
};

/**
 * Why a server cannot be reached, for operators.
 * @param place which server, without user or password
 * @returns undefined for what is no fault of the network
 */
export function networkFault(error: unknown, place: string): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  if (typeof code !== 'string' || !Object.hasOwn(NETWORK_FAULTS, code)) return undefined;
  return `${place}: ${NETWORK_FAULTS[code]} (${code})`;
}
