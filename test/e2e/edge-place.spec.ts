import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Logger, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import cors from 'cors';
import helmet from 'helmet';
import { FastauthModule, useFastauthEdge } from '../../src/index.js';
import { ADAPTERS, MASTER_TOKEN, OPTIONS } from '../support/app.js';

type FastauthOptions = NonNullable<Parameters<typeof FastauthModule.forRoot>[0]>;

const ORIGIN = 'https://page.example';
const PREFLIGHT = { Origin: ORIGIN, 'Access-Control-Request-Method': 'GET' };

@Controller()
class PagesController {
  @Get('secret/x')
  secret() {
    return 'secret';
  }
}

/** As `main.ts` does it: on Fastify, middleware is on before any module exists. */
describe.each(ADAPTERS)('the edge on %s', (adapter) => {
  let app: INestApplication | undefined;
  const warnings: string[] = [];
  const lines: string[] = [];
  const start = async (
    fastauth: FastauthOptions,
    configure: (app: INestApplication) => void | Promise<void> = () => undefined,
    prepare: (adapter: ExpressAdapter | FastifyAdapter) => void | Promise<void> = () => undefined,
  ): Promise<string> => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: string) => void warnings.push(line));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line: string) => void lines.push(line));
    const root = {
      module: class AppModule {},
      controllers: [PagesController],
      imports: [FastauthModule.forRoot({ ...OPTIONS, ...fastauth })],
    };
    const http = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    await prepare(http);
    app = await NestFactory.create(root, http, { logger: false, abortOnError: false });
    await configure(app);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  };
  afterEach(async () => {
    jest.restoreAllMocks();
    warnings.length = 0;
    lines.length = 0;
    await app?.close();
    app = undefined;
  });
  const answerTo =
    (path: string, text: string) =>
    (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
      if (request.url === path) response.end(text);
      else next();
    };

  it.each(['a path rule', 'default-access'])(
    'lets preflights pass to whoever answers them, under %s',
    async (kind) => {
      const fastauth =
        kind === 'a path rule' ? { accessTokenPaths: ['/secret'] } : { defaultAccess: 'access' as const };
      const url = await start(fastauth, (nest) => {
        nest.use(cors({ origin: ORIGIN, credentials: true }));
      });
      const preflight = await fetch(`${url}/secret/x`, { method: 'OPTIONS', headers: PREFLIGHT });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN);
      // Without what makes it a preflight, it is a request like any other.
      for (const headers of [{}, { Origin: ORIGIN }, { 'Access-Control-Request-Method': 'GET' }]) {
        expect((await fetch(`${url}/secret/x`, { method: 'OPTIONS', headers })).status).toBe(401);
      }
    },
  );

  it('lets a preflight bring nothing but CORS headers', async () => {
    const url = await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      nest.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
        if (request.method !== 'OPTIONS') return next();
        response.setHeader('x-secret', 'confidential');
        if (request.url === '/secret/cors') response.setHeader('access-control-allow-origin', ORIGIN);
        response.end('confidential');
      });
    });
    const allowed = await fetch(`${url}/secret/cors`, { method: 'OPTIONS', headers: PREFLIGHT });
    expect([allowed.status, await allowed.text(), allowed.headers.get('x-secret')]).toEqual([200, '', null]);
    const refused = await fetch(`${url}/secret/x`, { method: 'OPTIONS', headers: PREFLIGHT });
    expect([refused.status, refused.headers.get('x-secret')]).toEqual([401, null]);
    expect(await refused.text()).not.toContain('confidential');
  });

  it('comes first, also before what is given to the application earlier', async () => {
    const url = await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      nest.use(answerTo('/secret/early', 'confidential'));
    });
    expect((await fetch(`${url}/secret/early`)).status).toBe(401);
    expect(warnings.filter((line) => line.includes('useFastauthEdge') || line.includes('hooks'))).toEqual([]);
  });

  it('stands where useFastauthEdge() puts it, and names what stands before it', async () => {
    const logged: number[] = [];
    const url = await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      nest.use(function requestLog(_request: IncomingMessage, response: ServerResponse, next: () => void) {
        response.setHeader('x-content-type-options', 'nosniff');
        response.on('finish', () => logged.push(response.statusCode));
        next();
      });
      nest.use(answerTo('/secret/before', 'served before'));
      nest.use(cors({ origin: ORIGIN }));
      useFastauthEdge(nest);
      nest.use(answerTo('/secret/behind', 'confidential'));
    });
    const refused = await fetch(`${url}/secret/x`, { headers: { Origin: ORIGIN } });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(refused.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${url}/secret/behind`)).status).toBe(401);
    expect(await (await fetch(`${url}/secret/before`)).text()).toBe('served before');
    expect(logged).toEqual([401, 401, 200]);
    const before = warnings.filter((line) => line.startsWith('Before the edge'));
    expect(before).toHaveLength(1);
    expect(before[0]).toContain('requestLog');
    expect(before[0]).not.toContain('corsMiddleware');
  });

  it('says nothing of CORS and helmet before it, as documented', async () => {
    await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      nest.use(helmet());
      nest.enableCors({ origin: ORIGIN });
      nest.use(cors({ origin: ORIGIN }));
      useFastauthEdge(nest);
    });
    expect(warnings.filter((line) => line.startsWith('Before the edge'))).toEqual([]);
  });

  it.each(['before', 'after'])('gives refusals the headers of CORS that is enabled %s it', async (order) => {
    const url = await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      const cors = (): void => nest.enableCors({ origin: [ORIGIN], credentials: true });
      if (order === 'before') cors();
      nest.use(answerTo('/secret/middleware', 'confidential'));
      useFastauthEdge(nest);
      if (order === 'after') cors();
    });
    for (const path of ['/secret/x', '/secret/unknown', '/secret/middleware']) {
      const answer = await fetch(url + path, { headers: { Origin: ORIGIN } });
      if (path === '/secret/middleware') {
        expect(await answer.text()).toBe('confidential');
      } else {
        expect([path, answer.status]).toEqual([path, 401]);
      }
      if (adapter === 'express' && order === 'after') continue;
      expect([path, answer.headers.get('access-control-allow-origin')]).toEqual([path, ORIGIN]);
      expect(answer.headers.get('vary')).toContain('Origin');
      const other = await fetch(url + path, { headers: { Origin: 'https://other.example' } });
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('has one place, and has it before the application is initialized', async () => {
    await start({ accessTokenPaths: ['/secret'] }, (nest) => {
      useFastauthEdge(nest);
      expect(() => useFastauthEdge(nest)).toThrow(/called twice/);
    });
    await app?.close();
    await start({ accessTokenPaths: ['/secret'] });
    expect(() => useFastauthEdge(app as INestApplication)).toThrow(/after the application was initialized/);
  });

  it('has none in a preview, which serves nothing', async () => {
    const root = { module: class AppModule {}, imports: [FastauthModule.forRoot(OPTIONS)] };
    const http = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
    const preview = await NestFactory.create(root, http, {
      preview: true,
      logger: false,
      abortOnError: false,
    });
    expect(() => useFastauthEdge(preview)).not.toThrow();
    await expect(preview.listen(0)).rejects.toThrow('preview mode');
  });

  it('opens on purpose what default-access closes and no handler serves', async () => {
    const url = await start(
      { defaultAccess: 'access', publicPaths: ['/docs', '/metrics', '/secret'] },
      (nest) => {
        const document = SwaggerModule.createDocument(nest, new DocumentBuilder().build());
        SwaggerModule.setup('docs', nest, document);
        nest.use(answerTo('/metrics', 'metrics'));
        nest.use(answerTo('/other', 'other'));
      },
    );
    expect((await fetch(`${url}/docs`)).status).toBe(200);
    expect((await fetch(`${url}/docs/swagger-ui.css`)).status).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toBe('metrics');
    for (const path of ['/docs-json', '/other', '/secret/x', '/METRICS', '/docs/%2e%2e/other']) {
      expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
    }
    expect(lines.filter((line) => line.includes('(public-paths)'))).toHaveLength(3);
  });

  it('opens nothing under a path rule by public-paths', async () => {
    const url = await start(
      { defaultAccess: 'access', publicPaths: ['/docs'], masterTokenPaths: ['/docs/internal'] },
      (nest) => {
        nest.use('/docs', (_: IncomingMessage, response: ServerResponse) => void response.end('docs'));
      },
    );
    expect((await fetch(`${url}/docs/a`)).status).toBe(200);
    expect((await fetch(`${url}/docs/internal`)).status).toBe(401);
  });

  it('says that public-paths has no effect where everything is public', async () => {
    await start({ publicPaths: ['/docs'] });
    expect(warnings).toContainEqual(expect.stringContaining('Public path "/docs" has no effect'));
  });

  it('is not put into an application of an unknown kind', async () => {
    const unknown = (http: ExpressAdapter | FastifyAdapter): void => {
      http.getType = () => 'node';
    };
    for (const fastauth of [{ accessTokenPaths: ['/secret'] }, { defaultAccess: 'access' as const }]) {
      await expect(start(fastauth, undefined, unknown)).rejects.toThrow(/HTTP adapter "node"/);
    }
    await expect(start({ publicPaths: ['/a?b'] })).rejects.toThrow(/public-paths|publicPaths/);
  });

  if (adapter === 'fastify') {
    it('holds hooks and contexts that Fastify had before Nest', async () => {
      const url = await start({ accessTokenPaths: ['/secret'] }, undefined, async (http) => {
        const instance = (http as FastifyAdapter).getInstance();
        instance.addHook('onRequest', async function healthHook(request, reply) {
          if (request.url === '/secret/health') return reply.send('confidential');
        });
        await instance.register(async (child) => {
          child.addHook('onRequest', async function childHook(request, reply) {
            if (request.url === '/secret/child-hook') return reply.send('confidential');
          });
          child.get('/secret/child', async () => 'confidential');
          child.get('/secret/child-hook', async () => 'confidential');
        });
      });
      for (const path of ['/secret/health', '/secret/child', '/secret/child-hook', '/secret/x']) {
        expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
        const answer = await fetch(url + path, { headers: { 'MASTER-TOKEN': MASTER_TOKEN } });
        expect([path, answer.status]).toEqual([path, 401]);
      }
      expect(warnings).toContainEqual(expect.stringContaining('healthHook'));
    });

    it('guards contexts first that were registered before useFastauthEdge(), and says so', async () => {
      const url = await start({ accessTokenPaths: ['/secret'] }, async (nest) => {
        const instance = (nest.getHttpAdapter() as FastifyAdapter).getInstance();
        await instance.register(async (child) => {
          child.get('/secret/child', async () => 'confidential');
        });
        useFastauthEdge(nest);
        instance.register(async (child) => {
          child.get('/secret/late', async () => 'confidential');
        });
      });
      for (const path of ['/secret/child', '/secret/late', '/secret/x', '/secret/unknown'])
        expect([path, (await fetch(url + path)).status]).toEqual([path, 401]);
      expect(warnings).toContainEqual(expect.stringContaining('registered before useFastauthEdge()'));
    });
  }
});
