import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What the package that the running command is of says of itself. */
export interface PackageManifest {
  readonly version: string;
  /** Versions of Node.js that it needs. */
  readonly node: string;
  /** Ranges of packages that the application brings. */
  readonly peers: Readonly<Record<string, string>>;
}

const UNKNOWN: PackageManifest = { version: 'unknown', node: '>=0', peers: {} };

/** `dist/cli/main.js` is two folders below its package.json. */
export function packageManifest(command = process.argv[1] ?? ''): PackageManifest {
  try {
    const path = join(dirname(realpathSync(command)), '..', '..', 'package.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly name?: string;
      readonly version: string;
      readonly engines: { readonly node: string };
      readonly peerDependencies: Readonly<Record<string, string>>;
    };
    const { name, version, engines, peerDependencies: peers } = manifest;
    return name === 'nestjs-fastauth' ? { version, node: engines.node, peers } : UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

/** The version of the package that the running command is of. */
export function packageVersion(command?: string): string {
  return packageManifest(command).version;
}
