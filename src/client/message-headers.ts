import { ACCESS_TOKEN, MASTER_TOKEN } from '../wire/credential-names.js';

/** Tokens that a message brings; one of them, or both where both are needed. */
export interface MessageTokens {
  readonly accessToken?: string;
  readonly masterToken?: string;
}

/**
 * The headers by which a message of a microservice brings its tokens: RabbitMQ and Kafka take them as `headers`, MQTT 5
 * as `userProperties`, NATS and gRPC name by name. Transports without headers (TCP, Redis) carry the token in the
 * payload, under the server's `message-token-key`.
 *
 * @example
 * new RmqRecordBuilder(order).setOptions({ headers: messageHeaders({ accessToken }) }).build();
 */
export function messageHeaders({ accessToken, masterToken }: MessageTokens): Record<string, string> {
  return {
    ...(accessToken === undefined ? {} : { [ACCESS_TOKEN]: accessToken }),
    ...(masterToken === undefined ? {} : { [MASTER_TOKEN]: masterToken }),
  };
}
