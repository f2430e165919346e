import type { ServerResponse } from 'node:http';
import { exposingChallenge } from '../../access/exposed-challenge.js';
import { denialBody, type Denial } from '../../access/denial.js';

/** Answers a refusal on Node's response. */
export function sendDenial(
  response: ServerResponse,
  denial: Denial,
  headers: Readonly<Record<string, string>>,
): void {
  const body = JSON.stringify(denialBody(denial));
  response.writeHead(denial.status, {
    ...exposingChallenge(headers, (name) => response.getHeader(name)),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
