import { createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JwtService } from '@nestjs/jwt';
import { open } from 'lmdb';
import { SECRET } from '../lib/bearer-guard.js';
import { listen, post } from '../lib/nest-app.js';

const RECORD_BYTES = 200;

/** A route that signs two tokens and writes one record durably, and does nothing else: no pair can be issued for less. */
export async function start(framework) {
  const folder = mkdtempSync(join(tmpdir(), 'fastauth-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const records = open({ path: folder, overlappingSync: false, encoding: 'binary' });
  const jwt = new JwtService({ secret: createSecretKey(Buffer.from(SECRET)) });
  const sign = (sub, type, seconds) =>
    jwt.sign(
      { sub, type, jti: randomBytes(16).toString('base64url') },
      { algorithm: 'HS256', expiresIn: seconds },
    );
  let number = 0;
  const pair = async () => {
    const client_id = `client-${++number}`;
    const [access_token, refresh_token] = [sign(client_id, 'access', 3600), sign(client_id, 'refresh', 7200)];
    await records.put(client_id, randomBytes(RECORD_BYTES));
    return { status: 'success', data: { client_id, access_token, refresh_token } };
  };
  const app = await listen(framework, { pair });
  return { app, load: { requests: [post('/bench/pair', {})], expect: 201 } };
}
