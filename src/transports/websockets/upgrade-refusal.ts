import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Challenger, denialBody, denialHeaders, type Denial } from '../../access/denial.js';

/** Answers the upgrade request itself. @see RFC 6455 section 4.2.2 */
export function refuseUpgrade(
  socket: Duplex,
  denial: Denial,
  challenger: Challenger,
  correlationId: string,
): void {
  const body = JSON.stringify(denialBody(denial));
  const headers = {
    ...denialHeaders(denial, challenger, correlationId),
    Connection: 'close',
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  socket.on('error', () => undefined);
  socket.once('finish', () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${denial.status} ${STATUS_CODES[denial.status]}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      '',
      body,
    ].join('\r\n'),
  );
}
