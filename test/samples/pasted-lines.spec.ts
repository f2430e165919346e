import { afterAll, describe, expect, it } from '@jest/globals';
import { freePort } from '../support/documented-app.js';
import { copySample, SampleProcess } from '../support/sample-process.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/temporary-folder.js';

const tooFew = expect.stringContaining('"code":"insufficient_scope"') as unknown;
const revoked = expect.stringContaining('"code":"session_revoked"') as unknown;

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
  [
    '16-operations',
    [
      '',
      '{"devices":["lamp","door"],"for":"sensor-17"}',
      expect.stringMatching(/^good {5}versions .*\n(?:.*\n)*Nothing has to be mended\.$/),
      expect.stringMatching(/\/devices .*path rule "\/devices"/),
      expect.stringMatching(/^"sensor-17" .*\n1 session\.$/),
      expect.stringMatching(/^GET \/devices\nok .*\n(?:ok .*\n)*ok {6}verdict +let in/),
      expect.stringMatching(/^1 session of "operations" copied, 0 there already/),
      expect.stringContaining('1 session'),
      expect.stringMatching(/\nfailed {2}session +its session was revoked /),
      expect.stringMatching(/^1 session of "operations" copied, 0 there already/),
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
      expect(running.output.split('\n', 1)[0]).toMatch(/^[A-Z][\w ]+: .+\.$/);
      expect(await running.paste(folder)).toEqual(said);
      if (name !== '13-microservices') return;
      expect(running.output).toContain('Order 7 was changed by ada.');
      expect(running.output).not.toContain('Order 8');
    } finally {
      await running?.stop();
    }
  });
});
