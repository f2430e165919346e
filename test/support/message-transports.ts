import { join } from 'node:path';
import { Metadata } from '@grpc/grpc-js';
import {
  type ClientGrpc,
  ClientProxyFactory,
  type MicroserviceOptions,
  MqttRecordBuilder,
  NatsRecordBuilder,
  RmqRecordBuilder,
  Transport,
} from '@nestjs/microservices';
import { headers as natsHeaders } from '@nats-io/transport-node';
import { lastValueFrom, type Observable } from 'rxjs';
import { type Service, serviceUrl } from './services.js';

/** Tokens of a message by the names of their headers; a list: several times. */
export type SentTokens = Readonly<Record<string, string | readonly string[]>>;

/** A client of one transport. */
export interface MessageClient {
  /** @param pattern of gRPC the method, after its last full stop */
  send(pattern: string, tokens: SentTokens): Promise<unknown>;
  emit(pattern: string, tokens: SentTokens): void;
  close(): unknown;
}

export interface MessageTransport {
  readonly name: string;
  /** What it needs, besides this process. */
  readonly service?: Service;
  readonly hasHeaders: boolean;
  readonly hasEvents: boolean;
  options(port: number): MicroserviceOptions;
  connect(port: number): MessageClient;
}

const QUEUE = `fastauth-tests-${process.pid}`;
const PROTO = join(import.meta.dirname, 'echo.proto');
const NAMES: Readonly<Record<string, string>> = { 'access-token': 'token', 'master-token': 'master-token' };

const tcp = (port: number): MicroserviceOptions => ({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port },
});
const redis = (): MicroserviceOptions => {
  const { hostname, port } = new URL(serviceUrl('Redis'));
  return { transport: Transport.REDIS, options: { host: hostname, port: Number(port) } };
};
const nats = (): MicroserviceOptions => ({
  transport: Transport.NATS,
  options: { servers: [serviceUrl('NATS')], queue: QUEUE },
});
const rmq = (): MicroserviceOptions => ({
  transport: Transport.RMQ,
  options: {
    urls: [serviceUrl('RabbitMQ')],
    queue: QUEUE,
    queueOptions: { durable: false, autoDelete: true },
  },
});
const mqtt = (): MicroserviceOptions => ({
  transport: Transport.MQTT,
  options: { url: serviceUrl('Mosquitto'), protocolVersion: 5 },
});
const grpc = (port: number): MicroserviceOptions => ({
  transport: Transport.GRPC,
  options: { url: `127.0.0.1:${port}`, package: 'echo', protoPath: PROTO },
});

/** A client whose messages are made by this. */
function proxied(options: MicroserviceOptions, message: (tokens: SentTokens) => unknown): MessageClient {
  const client = ClientProxyFactory.create(options as { transport: Transport.TCP });
  return {
    send: (pattern, tokens) => lastValueFrom(client.send<unknown>(pattern, message(tokens))),
    emit: (pattern, tokens) => client.emit(pattern, message(tokens)).subscribe(),
    close: () => client.close(),
  };
}

const payload = (tokens: SentTokens) => ({
  text: 'hello',
  ...Object.fromEntries(Object.entries(tokens).map(([name, value]) => [NAMES[name] ?? name, value])),
});

function grpcClient(port: number): MessageClient {
  type Echo = Record<string, (data: object, metadata: Metadata) => Observable<unknown>>;
  const client = ClientProxyFactory.create(
    grpc(port) as { transport: Transport.TCP },
  ) as unknown as ClientGrpc & { close(): void };
  const service = client.getService<Echo>('Echo');
  const metadata = (tokens: SentTokens): Metadata => {
    const sent = new Metadata();
    for (const [name, values] of Object.entries(tokens))
      for (const value of [values].flat() as string[]) sent.add(name, value);
    return sent;
  };
  return {
    send: async (pattern, tokens) => {
      const method = service[pattern.slice(pattern.lastIndexOf('.') + 1)];
      if (!method) throw new Error(`The service has no method for ${pattern}`);
      return lastValueFrom(method({ text: 'hello' }, metadata(tokens)));
    },
    emit: () => undefined,
    close: () => client.close(),
  };
}

const natsMessage = (tokens: SentTokens): unknown => {
  const sent = natsHeaders();
  for (const [name, values] of Object.entries(tokens))
    for (const value of [values].flat() as string[]) sent.append(name, value);
  return new NatsRecordBuilder({ text: 'hello' }).setHeaders(sent).build();
};

/** Every transport that a broker, or none, is here for. */
export const MESSAGE_TRANSPORTS: readonly MessageTransport[] = [
  {
    name: 'TCP',
    hasHeaders: false,
    hasEvents: true,
    options: tcp,
    connect: (port) => proxied(tcp(port), payload),
  },
  {
    name: 'Redis',
    service: 'Redis',
    hasHeaders: false,
    hasEvents: true,
    options: redis,
    connect: () => proxied(redis(), payload),
  },
  {
    name: 'NATS',
    service: 'NATS',
    hasHeaders: true,
    hasEvents: true,
    options: nats,
    connect: () => proxied(nats(), natsMessage),
  },
  {
    name: 'RabbitMQ',
    service: 'RabbitMQ',
    hasHeaders: true,
    hasEvents: true,
    options: rmq,
    connect: () =>
      proxied(rmq(), (headers) =>
        new RmqRecordBuilder({ text: 'hello' })
          .setOptions({ headers: headers as Record<string, string> })
          .build(),
      ),
  },
  {
    name: 'MQTT',
    service: 'Mosquitto',
    hasHeaders: true,
    hasEvents: true,
    options: mqtt,
    connect: () =>
      proxied(mqtt(), (tokens) => {
        const message = new MqttRecordBuilder({ text: 'hello' });
        // Of mqtt.js, properties without any are lost with their message.
        if (Object.keys(tokens).length > 0)
          message.setProperties({ userProperties: tokens as Record<string, string> });
        return message.build();
      }),
  },
  { name: 'gRPC', hasHeaders: true, hasEvents: false, options: grpc, connect: grpcClient },
];
