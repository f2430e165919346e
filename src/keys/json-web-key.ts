/**
 * A JSON Web Key: a secret, a private or a public key. A type of our own, since Node's is in another place and has other
 * members from one version of its types to the next.
 * @see RFC 7517 section 4, RFC 7518 section 6
 */
export type JsonWebKey = JsonWebKeyMembers | (JsonWebKeyMembers & { [name: string]: unknown });

/** What is read of it. What says which key it is, and for what, may come from anywhere, and is looked at first. */
export interface JsonWebKeyMembers {
  kty?: string | undefined;
  alg?: unknown;
  kid?: unknown;
  use?: unknown;
  crv?: string | undefined;
  d?: string | undefined;
  dp?: string | undefined;
  dq?: string | undefined;
  e?: string | undefined;
  k?: string | undefined;
  n?: string | undefined;
  p?: string | undefined;
  q?: string | undefined;
  qi?: string | undefined;
  x?: string | undefined;
  y?: string | undefined;
}
