import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** PEM files of an authority that nobody knows, and of a server that it vouches for. */
export interface CertificateFiles {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Has `openssl` make a certificate for a host name, signed by an authority of its own. */
export function certificatesFor(host: string): CertificateFiles {
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-subj',
    '/CN=Test CA',
  );
  openssl(
    'req',
    ...newKey,
    '-keyout',
    file('server.key'),
    '-out',
    file('server.csr'),
    '-subj',
    `/CN=${host}`,
  );
  writeFileSync(file('names'), `subjectAltName=DNS:${host}`);
  const signed = [
    '-CA',
    file('ca.pem'),
    '-CAkey',
    file('ca.key'),
    '-CAcreateserial',
    '-extfile',
    file('names'),
  ];
  openssl('x509', '-req', '-in', file('server.csr'), '-out', file('server.pem'), ...signed);
  return { authority: file('ca.pem'), certificate: file('server.pem'), key: file('server.key') };
}
