import { readBoundedFileSync, readingFault } from '../../files/bounded-file.js';

/** Parameters of a `postgres://` URL that name files, which the driver reads whenever it connects. */
const FILES = ['sslrootcert', 'sslcert', 'sslkey'] as const;

/** Why a file that a URL names for TLS cannot be used: waiting for the database does not help. */
export function tlsFileFault(url: string): string | undefined {
  if (!/^postgres/i.test(url) || !URL.canParse(url)) return undefined;
  const { searchParams } = new URL(url);
  for (const name of FILES) {
    const path = searchParams.get(name);
    if (path === null || path === '') continue;
    try {
      readBoundedFileSync(path);
    } catch (error) {
      return `the file ${JSON.stringify(path)}, which ${name} names, ${readingFault(error)}`;
    }
  }
  return undefined;
}
