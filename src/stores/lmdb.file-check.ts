import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** 0xbeefc0de. */
const MAGIC = Buffer.of(0xde, 0xc0, 0xef, 0xbe);
/** Where the fields of LMDB's meta pages are (64-bit layout of the `lmdb` package, little-endian). */
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const FREE_ROOT_AT = 88;
const MAIN_ROOT_AT = 136;
const LAST_PAGE_AT = 144;
const TXN_AT = 152;
const META_BYTES = 160;
const PAGE_HEADER_BYTES = 24;
const NODE_HEADER_BYTES = 8;
const SUB_DATABASE_ROOT_AT = 40;
const NO_PAGE = 2n ** 64n - 1n;
const BRANCH = 1;
const LEAF = 2;
const LEAF_OVERFLOW = 1;
const LEAF_SUB_DATABASE = 2;

/**
 * What keeps `file` from being opened as a database, or undefined. LMDB maps the file into memory and trusts it:
 * a foreign file or one cut short (a copy that ran out of disk) would end the process with a signal.
 */
export function lmdbFileFault(file: string): string | undefined {
  const fd = openSync(file, 'r');
  try {
    if (fstatSync(fd).size === 0) return undefined;
    const first = readAt(fd, 0, META_BYTES);
    if (!first?.includes(MAGIC)) return 'it is not a database of the embedded store';
    if (first.indexOf(MAGIC) !== MAGIC_AT) return undefined; // A 32-bit platform's layout.
    const pageSize = first.readUInt32LE(PAGE_SIZE_AT);
    const second = readAt(fd, pageSize, META_BYTES);
    if (second?.indexOf(MAGIC) !== MAGIC_AT) return 'its start is damaged';
    const meta = second.readBigUInt64LE(TXN_AT) > first.readBigUInt64LE(TXN_AT) ? second : first;
    // Asked after the meta pages were read: another process may be making the file longer.
    const pages = BigInt(Math.floor(fstatSync(fd).size / pageSize));
    // A sound file may lack pages at its end that were allocated and given back without being written.
    if (meta.readBigUInt64LE(LAST_PAGE_AT) < pages) return undefined;
    const roots = [meta.readBigUInt64LE(FREE_ROOT_AT), meta.readBigUInt64LE(MAIN_ROOT_AT)];
    return hasAllPages(fd, pageSize, roots) ? undefined : 'it was cut short';
  } finally {
    closeSync(fd);
  }
}

/** Whether every page that can be reached from the roots lies within the file. */
function hasAllPages(fd: number, pageSize: number, roots: bigint[]): boolean {
  for (let page = roots.pop(); page !== undefined; page = roots.pop()) {
    if (page === NO_PAGE) continue;
    const bytes = readAt(fd, Number(page) * pageSize, pageSize);
    if (bytes === undefined || bytes.readBigUInt64LE(0) !== page) return false;
    roots.push(...pagesBelow(bytes));
  }
  return true;
}

/** The pages that a branch or leaf page refers to. */
function pagesBelow(page: Buffer): bigint[] {
  const kind = page.readUInt16LE(18);
  const nodes = (kind & (BRANCH | LEAF)) === 0 ? 0 : page.readUInt16LE(20) >> 1;
  return Array.from({ length: nodes }, (_, index) => {
    const node = PAGE_HEADER_BYTES + page.readUInt16LE(PAGE_HEADER_BYTES + 2 * index);
    if (kind & BRANCH) return BigInt(page.readUIntLE(node, 6));
    const flags = page.readUInt16LE(node + 4);
    const data = node + NODE_HEADER_BYTES + page.readUInt16LE(node + 6);
    if (flags & LEAF_OVERFLOW) return page.readBigUInt64LE(data);
    return flags & LEAF_SUB_DATABASE ? page.readBigUInt64LE(data + SUB_DATABASE_ROOT_AT) : NO_PAGE;
  });
}

function readAt(fd: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  return readSync(fd, bytes, 0, length, position) === length ? bytes : undefined;
}
