import { execFile } from 'node:child_process';
import { resolve } from 'node:path';

const CLI = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';

/** What the MCP project's own conformance suite finds: its exit status, and all that it printed. */
export function mcpConformance(...args: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [resolve(CLI), ...args], (error, stdout, stderr) =>
      done({ status: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr }),
    );
  });
}
