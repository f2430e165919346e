import { type Answer, MASTER_TOKEN, type TestApp } from './app.js';
import { sendRaw } from './raw-request.js';

const MASTER = { 'MASTER-TOKEN': MASTER_TOKEN };
const JSON_TYPE = { 'content-type': 'application/json' };
const ISSUER_METADATA = '/.well-known/oauth-authorization-server';

/** Headers that belong to the promise; those of other layers may stand beside them. */
const HEADERS = ['cache-control', 'content-type', 'www-authenticate', 'allow', 'retry-after', 'etag'];
const TOKEN = /[\w-]+\.[\w-]+\.[\w-]+/g;
const ID = /[\da-f]{8}-[\da-f-]{27}|"(?:exp|iat)":\d+|"jti":"[^"]+"/g;

/** One call and what came back, without what differs from one run to the next. */
export type Exchange = readonly [call: string, status: number, headers: object, body: string];

/**
 * Talks with every endpoint of ours, in every way that is promised an answer of its own, and writes down what was
 * said. Two applications whose transcripts are equal keep the same promises.
 * @param prefix the application's global prefix, such as `/api`
 */
export async function endpointTranscript(app: TestApp, prefix = ''): Promise<Exchange[]> {
  const transcript: Exchange[] = [];
  const auth = `${prefix}/auth/token`;
  const note = (call: string, answer: Answer): Answer => {
    const headers = Object.fromEntries(HEADERS.map((name) => [name, answer.headers.get(name)]));
    const text = prefix === '' ? answer.text : answer.text.replaceAll(`${prefix}/auth`, '/auth');
    const body = text.replaceAll(TOKEN, '<token>').replaceAll(ID, '<id>');
    transcript.push([call, answer.status, headers, body]);
    return answer;
  };
  const get = async (path: string, headers: Record<string, string> = {}) =>
    note(`GET ${path.replace(prefix, '').replaceAll(TOKEN, '<token>')}`, await app.get(path, headers));
  const post = async (path: string, body?: string | object, headers: Record<string, string> = {}) =>
    note(
      `POST ${path.replace(prefix, '')} ${JSON.stringify(body)?.slice(0, 40).replaceAll(TOKEN, '<token>')}`,
      await app.post(path, body, headers),
    );

  // Two callers without an identifier are two clients, however alike their calls are.
  const [one, other] = [await get(`${auth}/new`, MASTER), await get(`${auth}/new`, MASTER)];
  transcript.push(['two clients', 0, {}, String(one.body?.data?.client_id !== other.body?.data?.client_id)]);
  await get(`${auth}/new?client_id=a`, { ...MASTER, 'If-None-Match': '*' });
  await get(`${auth}/new`);
  await get(`${auth}/new?client_id=`, MASTER);
  note('HEAD /new', await app.request('HEAD', `${auth}/new`, { headers: MASTER }));
  const pair = (await post(`${auth}/new`, { client_id: 'b' }, MASTER)).body.data;
  await post(`${auth}/new`, 'client_id=c', MASTER);
  await post(`${auth}/new`, undefined, MASTER);
  await post(`${auth}/new`, { client_id: 1 }, MASTER);
  await post(`${auth}/new`, '{"client_id":"a","client_id":"b"}', { ...MASTER, ...JSON_TYPE });
  await post(`${auth}/new`, '{"client_id":', { ...MASTER, ...JSON_TYPE });
  await post(`${auth}/new`, 'a,b', { ...MASTER, 'content-type': 'text/csv' });
  await post(`${auth}/new`, { client_id: 'x'.repeat(200_000) }, MASTER);

  // The same call again gets the same answer for a while, and then ends the session: it is never from a cache.
  const refresh = (token: string) => get(`${auth}/refresh?refresh_token=${token}`);
  const next = (await refresh(pair.refresh_token)).body.data;
  await refresh(pair.refresh_token);
  app.clock.advance(3600);
  await refresh(pair.refresh_token);
  await post(`${auth}/refresh`, { refresh_token: next.refresh_token });
  await post(`${auth}/refresh`, { refresh_token: 'garbage' });
  await post(`${auth}/refresh`, {});
  await get(`${auth}/refresh`);

  const last = (await post(`${auth}/new`, { client_id: 'd' }, MASTER)).body.data;
  await post(`${auth}/introspect`, { token: last.access_token }, MASTER);
  await post(`${auth}/introspect`, { token: last.access_token });
  await post(`${auth}/introspect`, {}, MASTER);
  await post(`${auth}/revoke`, { token: last.access_token });
  await post(`${auth}/revoke`, {});
  await post(`${auth}/revoke`, 'x', { 'content-type': 'text/csv' });
  await post(`${auth}/introspect`, { token: last.access_token }, MASTER);

  const keys = await get('/.well-known/jwks.json');
  await get('/.well-known/jwks.json', { 'If-None-Match': keys.headers.get('etag') ?? '' });
  await get(ISSUER_METADATA);
  for (const lines of [
    ['Content-Length: 0'],
    ['Content-Length: 0', 'Content-Type: application/json'],
    ['Transfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked', 'Content-Type: application/json'],
  ]) {
    const request = [
      `POST ${auth}/new HTTP/1.1`,
      'Host: x',
      `MASTER-TOKEN: ${MASTER_TOKEN}`,
      'Connection: close',
      ...lines,
      '',
      lines[0]?.startsWith('T') ? '0\r\n\r\n' : '',
    ];
    const { status } = await sendRaw(app.url, request.join('\r\n'));
    transcript.push([`an empty body, ${lines.join(', ')}`, status, {}, '']);
  }
  return transcript;
}
