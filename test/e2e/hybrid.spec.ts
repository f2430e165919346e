import { Controller, Get, type INestApplication } from '@nestjs/common';
import {
  type ClientProxy,
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  Transport,
} from '@nestjs/microservices';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AddressInfo, Server } from 'node:net';
import { lastValueFrom } from 'rxjs';
import { AccessOnly, MasterOnly, Public } from '../../src/index.js';
import { ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { KeepingSink } from '../support/observers.js';

const heard: unknown[] = [];

@Controller()
class HybridController {
  @Get('hybrid')
  @AccessOnly()
  @MessagePattern('guarded')
  guarded() {
    return 'for clients';
  }

  @MasterOnly()
  @EventPattern('told')
  told(data: unknown) {
    heard.push(data);
  }

  @MessagePattern('undecorated')
  undecorated() {
    return 'over HTTP, if it were a route';
  }

  @Public()
  @MessagePattern('public')
  public() {
    return 'for everybody';
  }
}

@Controller()
class PlainController {
  @MessagePattern('plain')
  plain() {
    return 'of a class without decorators';
  }
}

const UNDECORATED = {
  status: 'error',
  message: 'This kind of call is not open to anybody',
  code: 'unsupported_context',
  requestId: expect.any(String) as unknown,
};
const REFUSED = {
  status: 'error',
  message: 'Invalid Access Token. Access Token is null',
  code: 'missing_token',
  requestId: expect.any(String) as unknown,
};

describe.each(ADAPTERS)('a microservice beside HTTP on %s', (adapter) => {
  let app: TestApp;
  let client: ClientProxy;
  const auditSink = new KeepingSink();

  const start = async (fastauth: Parameters<typeof startApp>[0]['fastauth'] = {}): Promise<void> => {
    let microservice!: ReturnType<INestApplication['connectMicroservice']>;
    app = await startApp({
      adapter,
      controllers: [HybridController, PlainController],
      fastauth: { ...fastauth, auditSink },
      configure: (nest) => {
        microservice = nest.connectMicroservice(
          { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
          { inheritAppConfig: true },
        );
      },
    });
    await app.app.startAllMicroservices();
    const { port } = microservice.unwrap<Server>().address() as AddressInfo;
    client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
  };
  const send = async (pattern: string): Promise<unknown> =>
    lastValueFrom(client.send<unknown>(pattern, {})).catch((error: unknown) => error);

  afterEach(async () => {
    await client.close();
    await app.close();
  });

  it('answers what is marked open, refuses everything else, and tells of it', async () => {
    await start();
    expect(await send('undecorated')).toEqual(UNDECORATED);
    expect(await send('public')).toBe('for everybody');
    const before = auditSink.records.length;
    expect(await send('guarded')).toEqual(REFUSED);
    expect(auditSink.records.slice(before)).toMatchObject([
      { type: 'access.denied', code: 'missing_token', level: 'access' },
    ]);
    client.emit('told', 'sEcReT');
    expect(await send('public')).toBe('for everybody');
    expect(heard).toEqual([]);
    // The same handler by HTTP.
    expect((await app.get('/hybrid')).status).toBe(401);
    const { access_token: token } = await app.issue('sensor');
    expect((await app.get('/hybrid', { 'ACCESS-TOKEN': token })).text).toBe('for clients');
  });

  it.each<['access' | 'public', unknown]>([
    ['access', REFUSED],
    ['public', 'of a class without decorators'],
  ])(
    'with globalGuard: false, what nobody decorated is held to default-access: %s',
    async (level, answer) => {
      await start({ globalGuard: false, defaultAccess: level });
      expect(await send('plain')).toEqual(answer);
      expect(await send('guarded')).toEqual(REFUSED);
      expect(await send('public')).toBe('for everybody');
    },
  );
});
