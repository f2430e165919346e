import { type Finding, Findings } from './finding.js';
import { installedVersion } from './installed-packages.js';
import type { PackageManifest } from './package-version.js';
import { isInRange } from './version-range.js';

const ADAPTERS = { '@nestjs/platform-express': 'express', '@nestjs/platform-fastify': 'fastify' } as const;
/** What an application cannot be without. */
const NEEDED = ['@nestjs/core', '@nestjs/common'];

/** Which versions there are, and whether they go together. */
export function versionFindings(manifest: PackageManifest, folder: string): readonly Finding[] {
  const findings = new Findings('versions');
  findings.good(`nestjs-fastauth ${manifest.version}`);
  const node = process.versions.node;
  if (isInRange(node, manifest.node)) findings.good(`Node.js ${node}`);
  else findings.bad(`Node.js ${node} is not supported`, `Use Node.js ${manifest.node}.`);
  for (const [name, range] of Object.entries(manifest.peers)) {
    const version = installedVersion(name, folder);
    if (version === undefined) {
      if (NEEDED.includes(name))
        findings.bad(`${name} is not installed in ${folder}`, `Run "npm i ${name}".`);
    } else if (isInRange(version, range)) findings.good(`${name} ${version}`);
    else if (NEEDED.includes(name)) findings.bad(`${name} ${version} is not supported`, `Install ${range}.`);
    else findings.warning(`${name} ${version} is not supported`, `Install ${range}.`);
  }
  return [...findings.all, ...adapterFindings(folder)];
}

function adapterFindings(folder: string): readonly Finding[] {
  const findings = new Findings('adapter');
  const found = Object.entries(ADAPTERS).flatMap(([name, adapter]) => {
    const version = installedVersion(name, folder);
    return version === undefined ? [] : [`${adapter} (${name} ${version})`];
  });
  if (found.length > 0) findings.good(found.join(', '));
  else {
    findings.warning(
      'neither Express nor Fastify is installed; HTTP needs one of them',
      'Run "npm i @nestjs/platform-express" or "npm i @nestjs/platform-fastify".',
    );
  }
  return findings.all;
}
