import { afterAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/documented-app.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const tooFew = expect.stringContaining('"code":"insufficient_scope"') as unknown;
const revoked = expect.stringContaining('"code":"session_revoked"') as unknown;

/** Matches a text of these lines and no others. */
function linesOf(...lines: readonly RegExp[]): RegExp {
  return new RegExp(`^${lines.map(({ source }) => source).join('\\n')}$`);
}

/** What each line says that the sample prints to be pasted. */
const SAMPLES: readonly (readonly [sample: string, said: readonly unknown[]])[] = [
  [
    '02-custom-issuance',
    [
      '',
      '{"partner":"acme","discount":20}',
      '',
      '{"partner":"globex","discount":5}',
      '{"status":"error","message":"The partner is suspended","code":403}',
      '{"status":"error","message":"Unknown partner","code":403}',
    ],
  ],
  [
    '04-sockets',
    [
      '{"status":"error","detail":"Disconnected: Unauthorized ACCESS-TOKEN"}\nclosed 1008 missing_token',
      '',
      expect.stringMatching(
        linesOf(
          /\{"event":"whoami","data":"me"\}/,
          /(?:\{"event":"fastauth\.expiring".*\n)?\{"event":"fastauth\.authenticate","data":\{"status":"success",.*/,
          /\{"event":"whoami","data":"me"\}/,
          /\{"status":"error","detail":"Disconnected: Session revoked"\}/,
          /closed 1008 session_revoked/,
        ),
      ),
      expect.stringMatching(/^\{"status":"success".*"access_token":"ey.*"refresh_token":"ey/),
    ],
  ],
  [
    '05-socket-io',
    [
      '',
      expect.stringMatching(/^refused: .* \{"code":"missing_token",.*$/),
      expect.stringMatching(/^refused: .* \{"code":"missing_token","detail":"Unauthorized Master Token",.*$/),
      'answer: fine\ndisconnected: io client disconnect',
      expect.stringMatching(
        linesOf(/answer: me/, /ended: \{.*"code":"session_revoked"\}/, /disconnected: io server disconnect/),
      ),
      expect.stringMatching(/^refused: .* \{"code":"session_revoked",.*$/),
    ],
  ],
  [
    '07-devices',
    [
      '',
      '',
      '',
      expect.stringMatching(
        /^\[\{.*"device":"phone",.*"device":"laptop",.*"isThisOne":true.*"device":"tablet",/,
      ),
      expect.stringMatching(/^\{"id":"[\w-]+","device":"old phone"\}$/),
      '',
      revoked,
      '{"ended":1}',
      revoked,
      expect.stringMatching(/^\[\{"id":"[\w-]+","device":"laptop",[^{}]*"isThisOne":true\}\]$/),
    ],
  ],
  [
    '08-rest-store',
    [
      '',
      '{"clientId":"acme"}',
      expect.stringMatching(/^\{"data":\{"access_token":"ey[^"]+","refresh_token":"ey[^"]+"\}\}$/),
      '{}',
      '{"data":{"access_token":null,"refresh_token":null}}',
      // A record without tokens does not say why they went.
      expect.stringContaining('"code":"session_superseded"'),
    ],
  ],
  ['09-sql', ['', '{"clientId":"acme"}', '{}', revoked]],
  [
    '11-scopes',
    [
      '',
      '{"devices":["lamp","door"],"clientId":"ada","scopes":["devices:read","devices:write"]}',
      '{"added":"kettle"}',
      tooFew,
      '{"rebooted":true,"by":"master"}',
      '{"removed":2}',
      '{"news":[],"for":"everybody"}',
      '',
      expect.stringMatching(/^HTTP\/1\.1 403 .*WWW-Authenticate: .*scope="devices:read devices:write"/s),
    ],
  ],
  [
    '12-graphql',
    [
      '',
      expect.stringMatching(/"code":"UNAUTHENTICATED".*"missing_token".*"version":"1\.0","me":null/),
      expect.stringMatching(/"code":"FORBIDDEN".*"me":"ada","device":\{"name":"lamp","secret":null\}/),
      '{"data":{"rename":"door"}}',
      '{"ticks":1}\n{"ticks":2}\n{"ticks":3}\nclosed 4401 session_revoked',
    ],
  ],
  [
    '13-microservices',
    ['', '{"order":"7","for":"ada","seen":["id"]}', '{"accepted":true}', '', tooFew, '{"accepted":true}'],
  ],
  [
    '14-browser-cookies',
    [
      '{"user":"ada"}',
      '{"user":"ada"}',
      '{"noted":"hello"}',
      '{"detail":"Origin not allowed","code":"origin_not_allowed"}',
      '{"status":"success","message":"Token generated","code":200,"data":{"client_id":"ada"}}',
      '',
      // Whether curl drops the cleared cookie depends on its version.
      expect.stringMatching(/"code":"(?:session_revoked|missing_token)"/),
    ],
  ],
  [
    '15-mcp',
    [
      expect.stringMatching(
        /^HTTP\/1\.1 401 .*WWW-Authenticate: Bearer [^\n]*resource_metadata="http:[^"]*\/\.well-known\/oauth-protected-resource\/mcp"/s,
      ),
      expect.stringMatching(/^\{"resource":"http:\/\/localhost:\d+\/mcp","authorization_servers":\["http:/),
      expect.stringMatching(/^\{"access_token":.*"scope":"notes:read"/),
      '[{"type":"text","text":"reader may notes:read: water the plants"}]',
    ],
  ],
];

describe('the lines that a sample prints', () => {
  let running: SampleProcess | undefined;
  afterAll(removeTemporaryFolders);

  it.each(SAMPLES)('of %s show its point', async (name, said) => {
    const folder = temporaryFolder();
    try {
      running = await SampleProcess.start(copySample(name, folder), folder, {
        TCP_PORT: String(await freePort()),
        // Its issuer has to be known before it listens.
        ...(name === '15-mcp' && { PORT: String(await freePort()) }),
      });
      expect(running.saysWhatItShows).toBe(true);
      expect(await running.paste(folder)).toEqual(said);
      if (name !== '13-microservices') return;
      expect(running.output).toContain('Order 7 was changed by ada.');
      expect(running.output).not.toContain('Order 8');
    } finally {
      await running?.stop();
    }
  });
});
