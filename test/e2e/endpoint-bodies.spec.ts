import type { INestApplication } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { ADAPTERS, MASTER_TOKEN, startApp, type TestApp, type TestAppOptions } from '../support/app.js';
import { sendRaw } from '../support/raw-request.js';

const NEW = '/auth/token/new';
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';

/** What applications do to bodies, before ours are read. */
const PARSERS: Record<string, Omit<TestAppOptions, 'adapter'>> = {
  'the usual parsers': {},
  'no parser': { nest: { bodyParser: false } },
  'raw bodies kept': { nest: { rawBody: true } },
  'parsers that take everything for text': { configure: textForAll },
};

function textForAll(app: INestApplication): void {
  if (app.getHttpAdapter().getType() === 'express') app.use(express.text({ type: '*/*' }));
  else {
    const fastify = (app.getHttpAdapter() as unknown as FastifyAdapter).getInstance();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  }
}

describe.each(ADAPTERS.flatMap((adapter) => Object.keys(PARSERS).map((name) => [adapter, name] as const)))(
  'what is sent to the endpoints on %s, with %s',
  (adapter, parsers) => {
    let app: TestApp;
    beforeAll(async () => {
      app = await startApp({ adapter, ...PARSERS[parsers] });
    });
    afterAll(() => app.close());

    const post = async (body: string | Uint8Array, type: string, more: Record<string, string> = {}) => {
      const answer = await app.request('POST', NEW, {
        headers: { 'MASTER-TOKEN': MASTER_TOKEN, 'content-type': type, ...more },
        body,
      });
      const { status, code, message, data } = answer.body;
      return [answer.status, ...(status === 'success' ? [data.client_id] : [status, code, message])];
    };

    it.each([
      ['JSON', '{"client_id":"a"}', JSON_TYPE, 'a'],
      ['JSON in UTF-8', '{"client_id":"ü"}', 'Application/JSON; Charset="UTF-8"', 'ü'],
      ['JSON behind a byte order mark', '\uFEFF{"client_id":"a"}', JSON_TYPE, 'a'],
      [
        'JSON of names like those of prototypes',
        '{"__proto__":{},"constructor":1,"client_id":"a"}',
        JSON_TYPE,
        'a',
      ],
      ['a form', 'client_id=a+b%26&x=1', FORM_TYPE, 'a b&'],
      ['a form with other parameters repeated', 'x=1&client_id=a&x=2', `${FORM_TYPE};charset=utf-8`, 'a'],
    ])('takes %s', async (_name, body, type, clientId) => {
      expect(await post(body, type)).toEqual([200, clientId]);
    });

    it.each<[string, string | Uint8Array, string, number]>([
      ['JSON cut short', '{"client_id":', JSON_TYPE, 400],
      [
        'bytes that are no UTF-8',
        Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        JSON_TYPE,
        400,
      ],
      ['a form that is no UTF-8', 'client_id=%ff', FORM_TYPE, 400],
      ['a form with half an escape', 'client_id=%', FORM_TYPE, 400],
      ['another charset', '{"client_id":"a"}', `${JSON_TYPE}; charset=utf-16`, 415],
      ['another kind', '<client_id/>', 'text/xml', 415],
      ['several parts', '--x--', 'multipart/form-data; boundary=x', 415],
      ['null', 'null', JSON_TYPE, 422],
      ['a text', '"client_id"', JSON_TYPE, 422],
      ['a list', '["client_id"]', JSON_TYPE, 422],
      ['more than can be meant', `client_id=${'x'.repeat(2 ** 21)}`, FORM_TYPE, 413],
    ])('refuses %s, in the words of the endpoint', async (_name, body, type, status) => {
      expect(await post(body, type)).toEqual([status, 'error', status, expect.any(String)]);
    });

    it('refuses what is compressed, without unpacking it', async () => {
      expect((await post('x', JSON_TYPE, { 'content-encoding': 'gzip' }))[0]).toBe(415);
    });

    it.each([
      ['a doubled member', '{"client_id":"a","client_id":"b"}', JSON_TYPE],
      ['a doubled member, written otherwise', '{"client_id":"a","client\\u005fid":"b"}', JSON_TYPE],
      ['a doubled parameter', 'client_id=a&client_id=b', FORM_TYPE],
      ['a doubled parameter, written otherwise', 'client_id=a&client%5Fid=b', FORM_TYPE],
      ['a list by name', 'client_id[]=a', FORM_TYPE],
      ['a name in camel case', '{"clientId":"a"}', JSON_TYPE],
      ['a name with a hyphen', 'client-id=a', FORM_TYPE],
    ])('refuses %s with 422 that names client_id', async (_name, body, type) => {
      const [status, , , message] = await post(body, type);
      expect([status, message]).toEqual([422, expect.stringContaining('client_id')]);
    });

    it.each([
      ['Content-Length: 0', ''],
      ['Content-Length: 0\r\nContent-Type: application/json', ''],
      ['Content-Length: 0\r\nContent-Type: text/csv', ''],
      ['Transfer-Encoding: chunked', '0\r\n\r\n'],
      ['Transfer-Encoding: chunked\r\nContent-Type: application/json', '0\r\n\r\n'],
      ['X-Nothing: 1', ''],
    ])('takes no body for no parameters: %j', async (lines, body) => {
      const head = `POST ${NEW} HTTP/1.1\r\nHost: x\r\nMASTER-TOKEN: ${MASTER_TOKEN}\r\nConnection: close\r\n`;
      expect((await sendRaw(app.url, `${head}${lines}\r\n\r\n${body}`)).status).toBe(200);
    });

    it('does nothing for a body that never arrives in full', async () => {
      const { access_token } = await app.issue('kept');
      const head = `POST ${NEW} HTTP/1.1\r\nHost: x\r\nMASTER-TOKEN: ${MASTER_TOKEN}\r\n`;
      const cut = sendRaw(
        app.url,
        `${head}Content-Type: ${FORM_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nclien\r\nzz\r\n`,
      );
      expect((await cut).status).toBe(400);
      const state = await app.post('/auth/token/introspect', `token=${access_token}`, {
        'MASTER-TOKEN': MASTER_TOKEN,
      });
      expect(state.body.active).toBe(true);
    });

    it('asks for the master token before it looks at a body', async () => {
      const answer = await app.request('POST', NEW, { headers: { 'content-type': JSON_TYPE }, body: '{' });
      expect([answer.status, answer.body.code]).toEqual([401, 'missing_token']);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    });

    it('tells errors of bodies as RFC 6749 has them, where RFCs define the endpoint', async () => {
      for (const [name, headers] of [
        ['revoke', {}],
        ['introspect', { 'MASTER-TOKEN': MASTER_TOKEN }],
      ] as const) {
        for (const [body, type, status] of [
          ['{', JSON_TYPE, 400],
          ['{"token":"a","token":"b"}', JSON_TYPE, 400],
          ['token=a&token=b', FORM_TYPE, 400],
          ['token', 'text/csv', 415],
          [`token=${'x'.repeat(2 ** 17)}`, FORM_TYPE, 413],
        ] as const) {
          const answer = await app.request('POST', `/auth/token/${name}`, {
            headers: { ...headers, 'content-type': type },
            body,
          });
          expect([name, body.slice(0, 30), answer.status, answer.body.error]).toEqual([
            name,
            body.slice(0, 30),
            status,
            'invalid_request',
          ]);
          expect(answer.headers.get('cache-control')).toBe('no-store');
        }
      }
    });
  },
);

describe.each(ADAPTERS)('the queries of the endpoints on %s', (adapter) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ adapter });
  });
  afterAll(() => app.close());

  it.each(['clientId=a', 'client_id=%ff', 'client_id=%', 'client%5Fid=a&client_id=b', 'CLIENT_ID=a'])(
    'refuses %s with 422',
    async (query) => {
      const answer = await app.get(`${NEW}?${query}`, { 'MASTER-TOKEN': MASTER_TOKEN });
      expect([answer.status, answer.body.code]).toEqual([422, 422]);
    },
  );

  it('takes what is escaped for what it says', async () => {
    const answer = await app.get(`${NEW}?client_id=a%2Bb+c%C3%BC`, { 'MASTER-TOKEN': MASTER_TOKEN });
    expect(answer.body.data.client_id).toBe('a+b cü');
  });
});
