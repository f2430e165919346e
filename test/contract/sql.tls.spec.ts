import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { sessionSample } from 'nestjs-fastauth/store-contract';
import { SqlTokenStore } from '../../src/stores/sql/sql.store.js';
import { type CertificateFiles, certificatesFor } from '../support/certificates.js';
import { untilKept } from '../support/kept-sessions.js';
import { describeWith } from '../support/services.js';
import '../support/silent-logger.js';
import { ownPostgres, type OwnDatabase } from '../support/sql-databases.js';
import { removeTemporaryFolders } from '../support/temporary-folder.js';

const describePostgres = await describeWith('PostgreSQL', 'openssl');

/** What `pg` asks for TLS by (PostgreSQL, "Message Formats", SSLRequest), and the answer that there is. */
const SSL_REQUEST_BYTES = 8;
const WILLING = 'S';

/** Stands before a PostgreSQL without TLS, and speaks it. */
function tlsBefore(url: string, { certificate, key }: CertificateFiles): Server {
  const secureContext = createSecureContext({ cert: readFileSync(certificate), key: readFileSync(key) });
  const { hostname, port } = new URL(url);
  return createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('readable', () => {
      socket.read(SSL_REQUEST_BYTES);
      socket.write(WILLING);
      const secure = new TLSSocket(socket, { isServer: true, secureContext });
      const backend = connect(Number(port || 5432), hostname);
      const end = (): void => {
        secure.destroy();
        backend.destroy();
      };
      for (const side of [secure, backend]) side.on('error', end).on('close', end);
      secure.pipe(backend).pipe(secure);
    });
  });
}

describePostgres('PostgreSQL with TLS, by a certificate of an own authority', () => {
  let certificates: CertificateFiles;
  let database: OwnDatabase;
  let server: Server;

  beforeAll(async () => {
    certificates = certificatesFor('localhost');
    database = await ownPostgres();
    await new SqlTokenStore({ url: database.url }).migrate();
    server = tlsBefore(database.url, certificates);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    server.close();
    await database.drop();
    removeTemporaryFolders();
  });

  function storeAt(host: string, authority?: string): SqlTokenStore {
    const url = new URL(database.url);
    url.hostname = host;
    url.port = `${(server.address() as AddressInfo).port}`;
    url.searchParams.set('sslmode', 'verify-full');
    if (authority !== undefined) url.searchParams.set('sslrootcert', authority);
    return new SqlTokenStore({ url: url.href, timeout: 5 });
  }

  it('is used with sslmode=verify-full and sslrootcert, and tells of changes over TLS too', async () => {
    const store = storeAt('localhost', certificates.authority);
    await store.open();
    const { record, pair } = sessionSample();
    await store.insert(record, pair, 1);
    await untilKept(store, record);
    await store.close();
  });

  it('says what to do about an authority that Node.js does not know', async () => {
    const store = storeAt('localhost');
    await store.open();
    await expect(store.ping()).rejects.toThrow('NODE_EXTRA_CA_CERTS');
    await store.close();
  });

  it('ends the start where the file of the authority is not there', async () => {
    const store = storeAt('localhost', '/nowhere/ca.pem');
    const words = 'the file "/nowhere/ca.pem", which sslrootcert names, is not there';
    await expect(store.open()).rejects.toThrow(words);
    await expect(store.migrate()).rejects.toThrow(words);
    await store.close();
  });

  it('refuses a certificate for another host', async () => {
    const store = storeAt('127.0.0.1', certificates.authority);
    await store.open();
    await expect(store.ping()).rejects.toThrow('ERR_TLS_CERT_ALTNAME_INVALID');
    await store.close();
  });
});
