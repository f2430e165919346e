import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getDefaultParser } from '@nestjs/config';
import { ConfigError } from '../../src/errors.js';
import type { FastauthOptions } from '../../src/config/fastauth-options.js';
import { loadFastauthConfig, type LoadedConfig } from '../../src/config/load-config.js';

/** A working directory of its own, with the configuration that is read there. */
export class ConfigFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'fastauth-config-'));

  file(content: unknown, name = 'fastauth.config.json'): void {
    writeFileSync(join(this.path, name), typeof content === 'string' ? content : JSON.stringify(content));
  }

  load(options: FastauthOptions = {}, env: NodeJS.ProcessEnv = {}): LoadedConfig {
    return loadFastauthConfig(options, { env, cwd: this.path, parseEnv: getDefaultParser() });
  }

  faults(options: object = {}, env: NodeJS.ProcessEnv = {}): readonly string[] {
    try {
      this.load(options as FastauthOptions, env);
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
    return [];
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}
