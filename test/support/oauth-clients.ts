import { createHash } from 'node:crypto';

/** A secret as the command makes them, the same for the same name. */
export const secretOf = (name: string): string =>
  `fa_cs_${createHash('sha256').update(name).digest('base64url')}`;

/** As the configuration has it. */
export const secretHashOf = (secret: string): string =>
  `sha256:${createHash('sha256').update(secret).digest('hex')}`;

/** @see RFC 6749 section 2.3.1 */
export const basic = (clientId: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(
    [clientId, secret].map((part) => encodeURIComponent(part).replaceAll('%20', '+')).join(':'),
  ).toString('base64')}`,
});
