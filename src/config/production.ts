/** Whether this is production, however `NODE_ENV` writes it: a slip there must not open what is closed. */
export function isProduction({ NODE_ENV }: NodeJS.ProcessEnv = process.env): boolean {
  return NODE_ENV?.trim().toLowerCase() === 'production';
}
