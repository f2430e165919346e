import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { areTreesSound, DATABASE_BYTES, KIND_AT, treeAt } from './tree-check.js';

/** 0xbeefc0de. */
const MAGIC = Buffer.of(0xde, 0xc0, 0xef, 0xbe);
/** Where the fields of LMDB's meta pages are (64-bit layout of the `lmdb` package, little-endian). */
const MAGIC_AT = 24;
const VERSION_AT = 28;
const MAP_BYTES_AT = 40;
const FREE_PAGES_AT = 48;
/** The free list's `MDB_db` keeps it, where other trees have nothing. */
const PAGE_SIZE_AT = FREE_PAGES_AT;
const MAIN_AT = FREE_PAGES_AT + DATABASE_BYTES;
const LAST_PAGE_AT = 144;
const TXN_AT = 152;
const META_BYTES = 160;
/** What kind of page they are. */
const META = 8;
/** The free list is MDB_INTEGERKEY; above them the environment keeps flags of its own there. */
const FREE_PAGES_FLAGS = 8;
const TREE_FLAGS = 0xff;
const [MIN_PAGE_SIZE, MAX_PAGE_SIZE] = [256, 65_536];
/**
 * How often a fault is looked for again where another process has committed meanwhile: it writes over pages that
 * a look has still to come to, and lives with the file.
 */
const LOOKS = 3;

/**
 * What keeps `file` from being opened as a database, or undefined. LMDB maps the file into memory and trusts it:
 * a foreign file, one with damaged pages or one cut short (a copy that ran out of disk) would end the process with
 * a signal. All pages in use are read: about 0.1 s for 100 000 sessions.
 */
export function lmdbFileFault(file: string): string | undefined {
  const fd = openSync(file, 'r');
  try {
    for (let look = 0; look < LOOKS; look++) {
      const metas = readMetas(fd);
      const fault = faultOf(fd, metas);
      if (!fault || metas.equals(readMetas(fd))) return fault;
    }
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** What a file's two meta pages say, one after the other, as far as they are there. */
function readMetas(fd: number): Buffer {
  const first = readAt(fd, 0, META_BYTES);
  if (first.length < META_BYTES) return first;
  return Buffer.concat([first, readAt(fd, first.readUInt32LE(PAGE_SIZE_AT), META_BYTES)]);
}

function faultOf(fd: number, metas: Buffer): string | undefined {
  const [first, second] = [metas.subarray(0, META_BYTES), metas.subarray(META_BYTES)];
  if (first.length === 0) return undefined;
  const magicAt = first.length < META_BYTES ? -1 : first.indexOf(MAGIC);
  if (magicAt === -1) return 'it is not a database of the embedded store';
  if (magicAt !== MAGIC_AT) return undefined; // A 32-bit platform's layout.
  const meta = latestMeta(first, second);
  return meta ? pagesFault(fd, meta) : 'its start is damaged';
}

/** The meta page of the last transaction: the two take turns. Undefined where one of them cannot be what it should. */
function latestMeta(first: Buffer, second: Buffer): Buffer | undefined {
  if (second.length < META_BYTES || !isMeta(first, 0n) || !isMeta(second, 1n)) return undefined;
  // Whichever version of the format it is: both pages say the same.
  if (second.readUInt32LE(VERSION_AT) !== first.readUInt32LE(VERSION_AT)) return undefined;
  const ahead = second.readBigUInt64LE(TXN_AT) - first.readBigUInt64LE(TXN_AT);
  if (ahead > 1n || ahead < -1n) return undefined;
  return ahead > 0n ? second : first;
}

function isMeta(bytes: Buffer, page: bigint): boolean {
  return (
    bytes.readBigUInt64LE(0) === page &&
    bytes.readUInt16LE(KIND_AT) === META &&
    bytes.indexOf(MAGIC) === MAGIC_AT
  );
}

function pagesFault(fd: number, meta: Buffer): string | undefined {
  const pageSize = meta.readUInt32LE(PAGE_SIZE_AT);
  const lastPage = Number(meta.readBigUInt64LE(LAST_PAGE_AT));
  const mapped = Number(meta.readBigUInt64LE(MAP_BYTES_AT));
  const [freePages, main] = [treeAt(meta, FREE_PAGES_AT, true), treeAt(meta, MAIN_AT)];
  if (pageSize < MIN_PAGE_SIZE || pageSize > MAX_PAGE_SIZE || lastPage * pageSize >= mapped)
    return 'its start is damaged';
  if ((freePages.flags & TREE_FLAGS) !== FREE_PAGES_FLAGS || main.flags !== 0) return 'its start is damaged';
  // Asked after the meta pages were read: another process may be making the file longer.
  const pages = Math.floor(fstatSync(fd).size / pageSize);
  const page = Buffer.alloc(pageSize);
  const isSound = areTreesSound(
    {
      pageSize,
      pages,
      lastPage,
      transaction: meta.readBigUInt64LE(TXN_AT),
      read: (number, count) => {
        const bytes = count === 1 ? page : Buffer.alloc(count * pageSize);
        return readSync(fd, bytes, 0, bytes.length, number * pageSize) === bytes.length ? bytes : undefined;
      },
    },
    [freePages, main],
  );
  // A sound file may lack pages at its end that were allocated and given back without being written.
  if (isSound) return undefined;
  return pages <= lastPage ? 'it was cut short' : 'its pages are damaged';
}

/** As many of these bytes as the file has. */
function readAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
}
