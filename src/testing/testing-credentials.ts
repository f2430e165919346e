import { ACCESS_TOKEN, BEARER_PROTOCOL, MASTER_TOKEN } from '../wire/credential-names.js';

/** A credential in each form in which a client sends it. */
export interface TestingCredential {
  /** Of HTTP requests, and of `ws` and socket.io clients in Node. */
  readonly headers: Readonly<Record<string, string>>;
  /** For graphql-ws. */
  readonly connectionParams: Readonly<Record<string, string>>;
  /** Headers of messages: NATS, RabbitMQ, Kafka, MQTT 5, gRPC metadata. */
  readonly messageHeaders: Readonly<Record<string, string>>;
}

/** What a client has after it was issued a pair. */
export interface TestingTokens extends TestingCredential {
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Subprotocols of a WebSocket: `new WebSocket(url, tokens.protocols)`. */
  readonly protocols: string[];
  /** For socket.io: `io(url, { auth: tokens.socketAuth })`. */
  readonly socketAuth: { readonly token: string };
}

export function testingTokens(tokens: {
  readonly clientId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}): TestingTokens {
  const { clientId, accessToken, refreshToken } = tokens;
  return {
    clientId,
    accessToken,
    refreshToken,
    headers: { authorization: `Bearer ${accessToken}` },
    protocols: [BEARER_PROTOCOL, accessToken],
    socketAuth: { token: accessToken },
    connectionParams: { [ACCESS_TOKEN]: accessToken },
    messageHeaders: { [ACCESS_TOKEN]: accessToken },
  };
}

export function testingMaster(token: string): TestingCredential {
  const named = { [MASTER_TOKEN]: token };
  return { headers: named, connectionParams: named, messageHeaders: named };
}
