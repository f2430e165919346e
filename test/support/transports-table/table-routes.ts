import { Controller, Get, Sse, type Type } from '@nestjs/common';
import { Query, Resolver, Subscription } from '@nestjs/graphql';
import { GrpcMethod, MessagePattern } from '@nestjs/microservices';
import { WebSocketGateway } from '@nestjs/websockets';
import { concat, NEVER, of } from 'rxjs';
import { AskingAs, type Target, TARGET_NAMES } from './table-targets.js';

/** Of this process alone: other specs may use the same brokers at the same time. */
export const patternOf = (target: Target): string => `fastauth-table-${process.pid}.${target}`;
export const ADMITTED = { text: 'admitted' } as const;

function controllerFor(target: Target): Type {
  @AskingAs(target)
  @Controller()
  class TableController {
    @Get(target)
    get() {
      return ADMITTED;
    }

    @Sse(`sse/${target}`)
    events() {
      return concat(of({ data: ADMITTED }), NEVER);
    }

    @MessagePattern(patternOf(target))
    message() {
      return ADMITTED;
    }

    @GrpcMethod('Echo', `${target[0]?.toUpperCase()}${target.slice(1)}`)
    grpc() {
      return ADMITTED;
    }
  }
  return TableController;
}

async function* told(name: string): AsyncGenerator<Record<string, string>> {
  await Promise.resolve();
  yield { [name]: ADMITTED.text };
}

function resolverFor(target: Target): Type {
  const events = `${target}Events`;
  @AskingAs(target)
  @Resolver()
  class TableResolver {
    @Query(() => String, { name: target, nullable: true })
    query() {
      return ADMITTED.text;
    }

    @Subscription(() => String, { name: events })
    subscription() {
      return told(events);
    }
  }
  return TableResolver;
}

function gatewayFor(target: Target, place: object): Type {
  @AskingAs(target)
  @WebSocketGateway(place)
  class TableGateway {
    handleConnection(client: { send(text: string): void; handshake?: object }): void {
      if (!client.handshake) client.send(JSON.stringify(ADMITTED));
    }
  }
  return TableGateway;
}

export const TABLE_CONTROLLERS = TARGET_NAMES.map(controllerFor);
export const TABLE_RESOLVERS = TARGET_NAMES.map(resolverFor);
export const WS_GATEWAYS = TARGET_NAMES.map((target) => gatewayFor(target, { path: `/ws/${target}` }));
export const IO_GATEWAYS = TARGET_NAMES.map((target) => gatewayFor(target, { namespace: `/${target}` }));
