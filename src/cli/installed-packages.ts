import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The version of a package that an application in this folder would load; undefined where there is none. */
export function installedVersion(name: string, folder: string): string | undefined {
  for (let place = folder; ; place = dirname(place)) {
    const version = versionIn(join(place, 'node_modules', name, 'package.json'));
    if (version !== undefined || place === dirname(place)) return version;
  }
}

function versionIn(path: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}
