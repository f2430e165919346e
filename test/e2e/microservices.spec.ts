import { Controller, type INestMicroservice, type Logger, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  BaseRpcExceptionFilter,
  EventPattern,
  GrpcMethod,
  MessagePattern,
  Payload,
} from '@nestjs/microservices';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import {
  CurrentPrincipal,
  FastauthModule,
  type Principal,
  Public,
  Scopes,
  TokenService,
} from '../../src/index.js';
import { MASTER_TOKEN, OPTIONS } from '../support/app.js';
import { MESSAGE_TRANSPORTS, type MessageClient, type SentTokens } from '../support/message-transports.js';
import { KeepingSink } from '../support/observers.js';
import { freePort } from '../support/redis-server.js';
import { describeWith } from '../support/services.js';

const heard: string[] = [];

@Controller()
class EchoController {
  @MessagePattern('scoped')
  @Scopes('echo:call')
  scoped(@Payload() payload: object, @CurrentPrincipal() principal: Principal) {
    return { text: `${Object.keys(payload).join()} ${principal.clientId}` };
  }

  @MessagePattern('open')
  @Public()
  open(@Payload() payload: object, @CurrentPrincipal() principal: Principal | undefined) {
    return { text: `${Object.keys(payload).join()} ${principal?.clientId}` };
  }

  @GrpcMethod('Echo', 'Scoped')
  @Scopes('echo:call')
  grpcScoped(@Payload() payload: object, @CurrentPrincipal() principal: Principal) {
    return this.scoped(payload, principal);
  }

  @GrpcMethod('Echo', 'Open')
  @Public()
  grpcOpen(@Payload() payload: object, @CurrentPrincipal() principal: Principal | undefined) {
    return this.open(payload, principal);
  }

  @EventPattern('told')
  @Scopes('echo:tell')
  told(@CurrentPrincipal() principal: unknown) {
    heard.push(String((principal as Principal).clientId));
  }
}

const auditSink = new KeepingSink();

@Module({
  imports: [
    FastauthModule.forRoot({
      ...OPTIONS,
      messageTokenKey: 'token',
      sessionsPerClient: 'unlimited',
      auditSink,
    }),
  ],
  controllers: [EchoController],
})
class EchoModule {}

const codeOf = (error: unknown): unknown => {
  const { code, metadata } = error as { code: unknown; metadata?: { get(name: string): unknown[] } };
  return metadata ? metadata.get('fastauth-code')[0] : code;
};

const idAndHintOf = (error: unknown): unknown => {
  const { metadata, requestId, hint } = error as {
    metadata?: { get(name: string): unknown[] };
    requestId?: string;
    hint?: string;
  };
  if (!metadata) return { requestId, hint };
  return { requestId: metadata.get('x-request-id')[0], hint: metadata.get('fastauth-hint')[0] };
};

// One that is standalone: decorators bring their guard, and nothing else is asked.
for (const transport of MESSAGE_TRANSPORTS) {
  const describeTransport =
    transport.service === undefined ? describe : await describeWith(transport.service);
  describeTransport(`messages of ${transport.name}`, () => {
    let app: INestMicroservice;
    let client: MessageClient;
    let token: (...scopes: string[]) => Promise<SentTokens>;
    const send = (pattern: 'scoped' | 'open', tokens: SentTokens): Promise<unknown> =>
      client.send(pattern, tokens).catch(codeOf);

    beforeAll(async () => {
      const port = await freePort();
      app = await NestFactory.createMicroservice(EchoModule, {
        ...transport.options(port),
        logger: false,
        abortOnError: false,
      });
      await app.listen();
      client = transport.connect(port);
      token = async (...scopes) => {
        const { accessToken } = await app.get(TokenService).issue({ clientId: 'c', scopes });
        return { 'access-token': accessToken };
      };
    });
    afterAll(async () => {
      await client.close();
      await app.close();
    });

    it('bring their tokens', async () => {
      expect(await send('scoped', await token('echo:call'))).toEqual({ text: 'text c' });
      expect(await send('scoped', await token('other'))).toBe('insufficient_scope');
      expect(await send('scoped', {})).toBe('missing_token');
      expect(await send('scoped', { 'access-token': 'x.y.z' })).toBe('invalid_token');
      expect(await send('scoped', { 'master-token': MASTER_TOKEN })).toBe('missing_token');
      expect(await send('open', {})).toEqual({ text: 'text undefined' });
      expect(await send('open', await token())).toEqual({ text: 'text undefined' });
    });

    it('bring one token once', async () => {
      const good = (await token('echo:call'))['access-token'] as string;
      if (transport.hasHeaders) {
        expect(await send('scoped', { Authorization: `Bearer ${good}` })).toEqual({ text: 'text c' });
        expect(await send('scoped', { authorization: `Bearer ${good}`, 'access-token': good })).toBe(
          'invalid_request',
        );
      }
      expect(await send('scoped', { 'access-token': [good, good] })).toBe('invalid_request');
    });

    // Their clients send what they are given; those of others refuse it, or make text of it.
    if (['TCP', 'Redis', 'RabbitMQ'].includes(transport.name)) {
      it('bring a token as text', async () => {
        for (const odd of [7, true, { token: 'x' }]) {
          const tokens = { 'access-token': odd } as unknown as SentTokens;
          expect([odd, await send('scoped', tokens)]).toEqual([odd, 'invalid_request']);
        }
      });
    }

    it('are told which event is theirs, and get a hint where a mistake is likely', async () => {
      const { refreshToken } = await app.get(TokenService).issue({ clientId: 'c' });
      const brought = transport.hasHeaders ? { 'x-request-id': 'of-this-message' } : {};
      const tokens = { ...brought, 'access-token': refreshToken };
      const before = auditSink.records.length;
      const refusal = await client.send('scoped', tokens).catch(idAndHintOf);
      const [event] = auditSink.records.slice(before);
      expect(refusal).toEqual({
        requestId: event?.correlationId,
        hint: expect.stringContaining('refresh endpoint') as unknown,
      });
      if (transport.hasHeaders) expect(event?.correlationId).toBe('of-this-message');
    });

    if (transport.hasEvents) {
      it('are dropped, and told of, where they are events that may not come', async () => {
        heard.length = 0;
        const logged = jest.spyOn(Reflect.get(BaseRpcExceptionFilter, 'logger') as Logger, 'error');
        const before = auditSink.records.length;
        client.emit('told', await token('echo:call'));
        client.emit('told', {});
        client.emit('told', await token('echo:tell'));
        for (let waited = 0; heard.length === 0 && waited < 5000; waited += 20)
          await new Promise((resolve) => setTimeout(resolve, 20));
        expect(heard).toEqual(['c']);
        const refused = auditSink.records.slice(before).filter(({ type }) => type === 'access.denied');
        expect(refused.map((record) => 'code' in record && record.code).sort()).toEqual([
          'insufficient_scope',
          'missing_token',
        ]);
        // Strangers send as many as they like.
        expect(logged).not.toHaveBeenCalled();
        logged.mockRestore();
      });
    }

    if (transport.name === 'gRPC') {
      it('are refused with the status of gRPC', async () => {
        const status = (tokens: SentTokens): Promise<unknown> =>
          client.send('scoped', tokens).catch((error: { code: number }) => error.code);
        expect(await status({})).toBe(16);
        expect(await status(await token('other'))).toBe(7);
      });
    }
  });
}
