/** Where things are on a page of LMDB (64-bit layout of the `lmdb` package, little-endian). */
const HEADER_BYTES = 24;
const TXN_AT = 8;
export const KIND_AT = 18;
/** Of a branch or leaf: where its list of nodes ends; of overflow pages: how many they are. */
const LOWER_AT = 20;
const UPPER_AT = 22;
/** Of a node: size of its value, or the page below (6 bytes); what its value is; size of its key. */
const NODE_HEADER_BYTES = 8;
const NODE_KIND_AT = 4;
const KEY_SIZE_AT = 6;
const PAGE_NUMBER_BYTES = 8;
const META_PAGES = 2;

const BRANCH = 1;
const LEAF = 2;
const OVERFLOW = 4;

const PLAIN_NODE = 0;
const OVERFLOW_NODE = 1;
const DATABASE_NODE = 2;

/** A `MDB_db`: flags, depth, root. */
export const DATABASE_BYTES = 48;
const FLAGS_AT = 4;
const DEPTH_AT = 6;
const ROOT_AT = 40;
const NO_PAGE = 2n ** 64n - 1n;
/** LMDB's own limit: deeper trees do not fit its cursors. */
const MAX_DEPTH = 32;

/** One tree of pages, as its `MDB_db` describes it. */
export interface Tree {
  /** Undefined while it is empty. */
  readonly root: number | undefined;
  readonly depth: number;
  readonly flags: number;
  /** Its values are lists of page numbers. */
  readonly listsPages: boolean;
}

export function treeAt(bytes: Buffer, at: number, listsPages = false): Tree {
  const root = bytes.readBigUInt64LE(at + ROOT_AT);
  return {
    root: root === NO_PAGE ? undefined : Number(root),
    depth: bytes.readUInt16LE(at + DEPTH_AT),
    flags: bytes.readUInt16LE(at + FLAGS_AT),
    listsPages,
  };
}

export interface PageFile {
  readonly pageSize: number;
  /** How many the file has. */
  readonly pages: number;
  /** The last one that was ever allocated; it need not have been written. */
  readonly lastPage: number;
  /** The number of the transaction that wrote last. */
  readonly transaction: bigint;
  /** That many pages from this one on; undefined where the file ends before. Good until the next call. */
  read(page: number, pages: number): Buffer | undefined;
}

class Damage extends Error {}

/**
 * Walks the trees page by page, as LMDB will, which maps the file into memory and trusts it: a page of garbage would
 * end the process with a signal, or send it into a loop.
 * @returns whether every page that can be reached is within the file, is what it should be, and is reached once
 */
export function areTreesSound(file: PageFile, trees: readonly Tree[]): boolean {
  try {
    new TreeWalk(file).walk(trees);
    return true;
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }
}

class TreeWalk {
  readonly #reached: Uint8Array;

  constructor(private readonly file: PageFile) {
    this.#reached = new Uint8Array(file.pages);
  }

  walk(trees: readonly Tree[]): void {
    const waiting = [...trees];
    for (let tree = waiting.pop(); tree; tree = waiting.pop()) {
      ensure(tree.depth <= MAX_DEPTH && (tree.root === undefined) === (tree.depth === 0));
      let level = tree.root === undefined ? [] : [tree.root];
      for (let depth = 1; depth < tree.depth; depth++)
        level = level.flatMap((page) => this.#branch(page, tree));
      for (const page of level) waiting.push(...this.#leaf(page, tree));
    }
  }

  /** @returns the pages below */
  #branch(page: number, { listsPages }: Tree): readonly number[] {
    const bytes = this.#read(page, BRANCH);
    const below = nodesOf(bytes).map((node) => bytes.readUIntLE(node, 6));
    // LMDB asserts it, but for the free list.
    ensure(below.length > 1 || listsPages);
    return below;
  }

  /** @returns the trees below */
  #leaf(page: number, { listsPages }: Tree): readonly Tree[] {
    const bytes = this.#read(page, LEAF);
    const trees: Tree[] = [];
    const overflows: { page: number; size: number }[] = [];
    for (const node of nodesOf(bytes)) {
      const size = bytes.readUInt32LE(node);
      const kind = bytes.readUInt16LE(node + NODE_KIND_AT);
      const keySize = bytes.readUInt16LE(node + KEY_SIZE_AT);
      const data = node + NODE_HEADER_BYTES + keySize;
      const end = data + (kind === OVERFLOW_NODE ? PAGE_NUMBER_BYTES : size);
      ensure(keySize > 0 && end <= bytes.length);
      if (kind === OVERFLOW_NODE) {
        overflows.push({ page: Number(bytes.readBigUInt64LE(data)), size });
      } else if (kind === DATABASE_NODE) {
        ensure(size === DATABASE_BYTES);
        const tree = treeAt(bytes, data);
        ensure(tree.flags === 0);
        trees.push(tree);
      } else {
        ensure(kind === PLAIN_NODE);
        if (listsPages) this.#pageList(bytes.subarray(data, end));
      }
    }
    for (const overflow of overflows) this.#overflow(overflow.page, overflow.size, listsPages);
    return trees;
  }

  #overflow(page: number, size: number, listsPages: boolean): void {
    const pages = this.#read(page, OVERFLOW).readUInt32LE(LOWER_AT);
    ensure(pages * this.file.pageSize >= HEADER_BYTES + size);
    if (pages > 1) this.#reach(page + 1, pages - 1);
    const bytes = listsPages ? this.file.read(page, pages) : undefined;
    if (bytes) this.#pageList(bytes.subarray(HEADER_BYTES, HEADER_BYTES + size));
  }

  /** How many, and the numbers; a negative one says how many pages follow the number after it. */
  #pageList(list: Buffer): void {
    const length = Math.floor(list.length / PAGE_NUMBER_BYTES);
    ensure(length > 0 && list.readBigInt64LE(0) < BigInt(length));
    const lastPage = BigInt(this.file.lastPage);
    for (let index = 1; index < length; index++) {
      const value = list.readBigInt64LE(index * PAGE_NUMBER_BYTES);
      ensure(value <= lastPage && value >= -lastPage);
    }
  }

  #read(page: number, kind: number): Buffer {
    this.#reach(page, 1);
    const bytes = this.file.read(page, 1);
    ensure(
      bytes !== undefined &&
        bytes.readBigUInt64LE(0) === BigInt(page) &&
        bytes.readBigUInt64LE(TXN_AT) <= this.file.transaction &&
        bytes.readUInt16LE(KIND_AT) === kind,
    );
    return bytes;
  }

  #reach(page: number, pages: number): void {
    ensure(page >= META_PAGES && page + pages <= this.file.pages);
    ensure(!this.#reached.subarray(page, page + pages).includes(1));
    this.#reached.fill(1, page, page + pages);
  }
}

/** Where the nodes of a branch or leaf are, each held with its key against the page's bounds. */
function nodesOf(page: Buffer): readonly number[] {
  const [lower, upper] = [page.readUInt16LE(LOWER_AT), page.readUInt16LE(UPPER_AT)];
  ensure(lower > 0 && lower % 2 === 0 && lower <= upper && HEADER_BYTES + upper <= page.length);
  const nodes: number[] = [];
  for (let entry = HEADER_BYTES; entry < HEADER_BYTES + lower; entry += 2) {
    const node = HEADER_BYTES + page.readUInt16LE(entry);
    ensure(node >= HEADER_BYTES + upper && node + NODE_HEADER_BYTES <= page.length);
    ensure(node + NODE_HEADER_BYTES + page.readUInt16LE(node + KEY_SIZE_AT) <= page.length);
    nodes.push(node);
  }
  return nodes;
}

function ensure(isSound: boolean): asserts isSound {
  if (!isSound) throw new Damage();
}
