import { expect, it } from '@jest/globals';
import { mcpConformance } from '../support/mcp-conformance.js';

it("clientCredentials passes the MCP conformance suite's scenario for it", async () => {
  const { status, output } = await mcpConformance(
    'client',
    '--scenario=auth/client-credentials-basic',
    `--command=${process.execPath} test/support/mcp-client.mjs`,
  );
  expect(output).toMatch(/^Passed: (\d+)\/\1, 0 failed, 0 warnings$/m);
  expect(output).toContain('Client successfully authenticated with client_secret_basic');
  expect(status).toBe(0);
});
