import 'reflect-metadata';
import assert from 'node:assert/strict';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AccessOnly, CurrentPrincipal, FastauthModule, MasterOnly, type Principal } from 'nestjs-fastauth';
import { fastauthTesting, FastauthTestingModule, type FastauthTesting } from 'nestjs-fastauth/testing';

/** Jest's, Vitest's or that of node:test. */
declare const it: (name: string, body: () => Promise<void>) => void;

@Injectable()
class DevicesService {
  all(): readonly string[] {
    return ['pump'];
  }
}

@Controller('devices')
class DevicesController {
  constructor(@Inject(DevicesService) private readonly devices: DevicesService) {}

  @AccessOnly()
  @Get()
  list(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId, devices: this.devices.all() };
  }

  @MasterOnly()
  @Get('secrets')
  secrets() {
    return { secrets: 42 };
  }
}

const fastauth = FastauthModule.forRoot();

@Module({ imports: [fastauth], controllers: [DevicesController], providers: [DevicesService] })
class AppModule {}

type Ask = (path: string, headers?: Readonly<Record<string, string>>) => Promise<number>;

async function withApp(test: (auth: FastauthTesting, ask: Ask) => Promise<void>): Promise<void> {
  const module = await Test.createTestingModule({ imports: [AppModule] })
    .overrideModule(fastauth)
    .useModule(FastauthTestingModule.forRoot({ accessTokenExpiresIn: 900 }))
    .compile();
  const app = module.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  try {
    await test(fastauthTesting(app), async (path, headers = {}) => {
      const answer = await fetch(url + path, { headers: { ...headers } });
      await answer.text();
      return answer.status;
    });
  } finally {
    await app.close();
  }
}

it('serves those who may', () =>
  withApp(async (auth, ask) => {
    const sensor = await auth.as('sensor-17');
    assert.equal(await ask('/devices', sensor.headers), 200);
    assert.equal(await ask('/devices/secrets', sensor.headers), 401);
    assert.equal(await ask('/devices/secrets', auth.asMaster().headers), 200);
    assert.deepEqual(
      auth.events
        .filter(({ type }) => type === 'token.issued')
        .map((event) => 'clientId' in event && event.clientId),
      ['sensor-17'],
    );
  }));

it('refuses bad tokens', () =>
  withApp(async (auth, ask) => {
    assert.equal(await ask('/devices'), 401);
    for (const tokens of [
      await auth.expired(),
      await auth.revoked(),
      await auth.superseded(),
      await auth.forged(),
    ])
      assert.equal(await ask('/devices', tokens.headers), 401);
  }));

it('lets tokens expire', () =>
  withApp(async (auth, ask) => {
    const { headers } = await auth.as('sensor-17');
    auth.clock.advance('14m');
    assert.equal(await ask('/devices', headers), 200);
    auth.clock.advance('2m');
    assert.equal(await ask('/devices', headers), 401);
  }));

it('has no route that is open by mistake', () =>
  withApp(async (auth) => {
    await auth.expectAllGuarded();
  }));
