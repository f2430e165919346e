import { fileURLToPath } from 'node:url';
import { envFileOf } from '../first-start.js';

// This file runs from sample/dist/01-quick-start.
const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Which config file to read: the repository's own, unless FASTAUTH_CONFIG names another. */
export const CONFIG_FILE = process.env['FASTAUTH_CONFIG'] || fromHere('../../../fastauth.config.json');

/** Where the sample keeps its keys. */
export const ENV_FILE = envFileOf('01-quick-start');

/** Handed to `forRoot`: fastauth itself reads FASTAUTH_DATABASE_URL only. */
export const DATABASE_URL = process.env['DATABASE_URL'];

export const PORT = Number(process.env['PORT'] || 3000);
export const HTTP_ADAPTER = process.env['HTTP_ADAPTER'] || 'express';
export const GLOBAL_PREFIX = process.env['GLOBAL_PREFIX'] || '';
export const IS_PRODUCTION = process.env['NODE_ENV'] === 'production';
