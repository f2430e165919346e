import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Headers, Post } from '@nestjs/common';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessOnly, CurrentPrincipal, type Principal, Public } from '../../src/index.js';
import { startApp, type TestApp } from '../support/app.js';
import { transpile } from '../support/compile.js';
import { installInto, runIn } from '../support/documented-app.js';
import { codeBlocks } from '../support/markdown-blocks.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const LIFETIME = 900;

@Controller()
class DevicesController {
  @AccessOnly()
  @Get('devices')
  devices(@CurrentPrincipal() { clientId }: Principal) {
    return { clientId };
  }

  @AccessOnly()
  @Get('kept')
  kept(@Headers('x-keep') kept?: string) {
    return { kept };
  }

  @Public()
  @Get('sent')
  sent(@Headers('authorization') authorization = 'nothing') {
    return { authorization };
  }

  /** As a server of GraphQL answers `{ clientId }`. */
  @AccessOnly()
  @Post('graphql')
  graphql(@CurrentPrincipal() { clientId }: Principal) {
    return { data: { clientId } };
  }
}

/** Each recipe of docs/client.md, as it is written there, asks a real application. */
const RUN = `
import { ApolloClient, gql, InMemoryCache } from '@apollo/client';
import { createFastauthClient } from 'nestjs-fastauth/client';
import { request } from 'undici';
import { httpLink } from './with-apollo.js';
import { withAxios } from './with-axios.js';
import { withKy } from './with-ky.js';
import { withUndici } from './with-undici.js';

const { URL: baseUrl, RECIPE: recipe } = process.env;
const client = createFastauthClient({ baseUrl });
await client.login(JSON.parse(process.env.PAIR));
const url = baseUrl + '/devices';
const recipes = {
  ky: () => withKy(client).get(url).json(),
  axios: async () => (await withAxios(client, baseUrl).get('/devices')).data,
  undici: async () => (await request(url, { dispatcher: withUndici(client, baseUrl) })).body.json(),
  'undici, with headers': async () => {
    const dispatcher = withUndici(client, baseUrl + '/');
    const forms = [['x-keep', '1'], { 'x-keep': '1' }, new Headers({ 'x-keep': '1' }), new Map([['x-keep', '1']])];
    const answers = forms.map((headers) => request(baseUrl + '/kept', { dispatcher, headers }));
    return Promise.all((await Promise.all(answers)).map(({ body }) => body.json()));
  },
  'undici, without a session': async () => {
    const dispatcher = withUndici(createFastauthClient({ baseUrl, name: 'nobody' }), baseUrl);
    return (await request(baseUrl + '/sent', { dispatcher })).body.json();
  },
  'axios, elsewhere': async () => {
    const api = withAxios(client, 'http://elsewhere.example');
    return (await api.get('/sent', { baseURL: baseUrl })).data;
  },
  'axios, with a token of its own': async () => {
    const headers = { Authorization: 'Bearer own' };
    return (await withAxios(client, baseUrl).get('/sent', { headers })).data;
  },
  apollo: async () => {
    const apollo = new ApolloClient({ link: httpLink(client, baseUrl + '/graphql'), cache: new InMemoryCache() });
    return (await apollo.query({ query: gql('{ clientId }') })).data;
  },
};
console.log(JSON.stringify(await recipes[recipe]()));
process.exit();
`;

describe('the recipes for other clients', () => {
  let folder: string;
  let server: TestApp;
  beforeAll(async () => {
    folder = temporaryFolder();
    installInto(folder);
    for (const { code } of codeBlocks('docs/client.md')) {
      const name = /^\/\/ src\/(with-\w+)\.ts\n/.exec(code)?.[1];
      if (name) writeFileSync(join(folder, `${name}.js`), await transpile(code));
    }
    writeFileSync(join(folder, 'run.js'), RUN);
    server = await startApp({
      adapter: 'fastify',
      controllers: [DevicesController],
      fastauth: { accessTokenExpiresIn: LIFETIME },
    });
  });
  afterAll(async () => {
    await server.close();
    removeTemporaryFolders();
  });

  const run = async (recipe: string, pair: object) => {
    const env = { URL: server.url, PAIR: JSON.stringify(pair), RECIPE: recipe };
    return runIn(folder, process.execPath, [join(folder, 'run.js')], env);
  };

  it.each(['ky', 'axios', 'undici', 'apollo'])('%s sends the token', async (recipe) => {
    const answer = await run(recipe, await server.issue('ada'));
    expect(answer).toEqual({ code: 0, stdout: '{"clientId":"ada"}\n', stderr: '' });
  });

  it.each([
    ['undici, with headers', '[{"kept":"1"},{"kept":"1"},{"kept":"1"},{"kept":"1"}]'],
    ['undici, without a session', '{"authorization":"nothing"}'],
    ['axios, elsewhere', '{"authorization":"nothing"}'],
    ['axios, with a token of its own', '{"authorization":"Bearer own"}'],
  ])('%s: keeps what is given, and sends the token nowhere else', async (recipe, printed) => {
    const answer = await run(recipe, await server.issue('ada'));
    expect(answer).toEqual({ code: 0, stdout: `${printed}\n`, stderr: '' });
  });

  it.each(['ky', 'axios', 'apollo'])('%s renews a token that was refused', async (recipe) => {
    const pair = await server.issue('ada');
    server.clock.advance(LIFETIME + 60);
    const answer = await run(recipe, pair);
    expect(answer).toEqual({ code: 0, stdout: '{"clientId":"ada"}\n', stderr: '' });
  });
});
