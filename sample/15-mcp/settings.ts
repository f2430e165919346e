import { envFileOf } from '../first-start.js';

export const ENV_FILE = envFileOf('15-mcp');

export const PORT = Number(process.env['PORT'] || 3000);

/** Clients hold the issuer and the resource against the URL that they call. */
export const URL_OF_SERVER = `http://localhost:${PORT}`;
export const RESOURCE = `${URL_OF_SERVER}/mcp`;
