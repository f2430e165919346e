// Open handlers under default-access, in every notation that the router in use knows: whatever its router serves by them
// is open, all else is not.
import { Controller, Get, Logger, type Type } from '@nestjs/common';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { AccessOnly, MasterOnly, Public } from '../../src/index.js';
import { type AdapterName, ADAPTERS, startApp, type TestApp } from '../support/app.js';
import { rawRequest } from '../support/raw-request.js';

const PATHS = `
  /n/12 /n/x /n/1x /n /o /o/1 /o/1/2 /d/a-b /d/a-b-c /d/ab /d/a-b/c /w/x /w/x/y /w /v2:x /v2
  /f/report.png /f/report /f/a.b.png /f/.png /h/10h05m /h/10h /h/xhym /q/x /q /s/a/b /s
  /m/a/tail /m/a/b/tail /m/tail /Plain /plain /plainer /gr%C3%BCn /x/y/z/1
`
  .trim()
  .split(/\s+/);

function routesOf(patterns: string): Type {
  class Routes {}
  for (const [index, pattern] of patterns.split(' ').entries()) {
    const name = `route${index}`;
    Object.defineProperty(Routes.prototype, name, { value: () => 'open', configurable: true });
    const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, name) as PropertyDescriptor;
    Get(pattern)(Routes.prototype, name, descriptor);
    Public()(Routes.prototype, name, descriptor);
  }
  Controller()(Routes);
  return Routes;
}

const ROUTES: Readonly<Record<AdapterName, Type>> = {
  express: routesOf('n/:id o{/:id} d/:a-:b w/* q/(.*) s/*rest m/*/tail Plain grün f/:name.png'),
  fastify: routesOf(
    'n/:id(^\\d+$) o/:id? d/:a-:b w/* v2::x f/:name(^[a-z]+).png h/:hour(^\\d{2})h:minute(^\\d{2})m Plain grün',
  ),
};

describe.each(ADAPTERS)('open handlers under default-access on %s', (adapter) => {
  let app: TestApp | undefined;
  afterEach(async () => {
    await app?.close();
    jest.restoreAllMocks();
  });

  it('are open wherever the router finds them, and nowhere else', async () => {
    const open = await startApp({ adapter, controllers: [ROUTES[adapter]] });
    app = await startApp({ adapter, controllers: [ROUTES[adapter]], fastauth: { defaultAccess: 'access' } });
    try {
      let served = 0;
      for (const path of PATHS) {
        const { status } = await rawRequest(open.url, 'GET', path);
        if (status === 200) served++;
        const guarded = await rawRequest(app.url, 'GET', path);
        expect({ path, status: guarded.status }).toEqual({ path, status: status === 200 ? 200 : 401 });
      }
      expect(served).toBeGreaterThan(10);
    } finally {
      await open.close();
    }
  });

  it('are named at start where a path rule keeps them closed; and so is what a decorator has replaced', async () => {
    @MasterOnly()
    @Controller('l')
    class Lowered {
      @AccessOnly()
      @Get('a')
      a() {
        return 'a';
      }

      @Public()
      @Get('open')
      open() {
        return 'open';
      }

      @MasterOnly()
      @Get('same')
      same() {
        return 'same';
      }
    }

    @MasterOnly()
    abstract class OfMaster {}

    @AccessOnly()
    @Controller('i')
    class OfAccess extends OfMaster {
      @Get('a')
      a() {
        return 'a';
      }
    }

    const logged = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    const warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    app = await startApp({
      adapter,
      controllers: [Lowered, OfAccess],
      fastauth: { accessTokenPaths: ['/l/open'] },
    });
    const linesOf = ({ mock }: typeof logged): unknown[] => mock.calls.map(([line]) => line);
    expect(linesOf(logged)).toEqual(
      expect.arrayContaining([
        'GET /l/a: access (decorator, in place of master on Lowered)',
        'GET /i/a: access (decorator, in place of master on OfMaster)',
        'GET /l/same: master (decorator)',
      ]),
    );
    expect(linesOf(warned)).toEqual([
      expect.stringMatching(/^GET \/l\/open is marked @Public\(\), but stays closed/),
    ]);
  });
});
