import { text } from 'node:stream/consumers';
import { Command, InvalidArgumentError } from 'commander';
import { SETTINGS } from '../config/settings.js';
import { parseStrictObject, type JsonObject } from '../json.js';
import { TokenFault } from '../tokens/token-fault.js';
import { EXIT, print, type CommandOutput } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { dateOf } from './date-text.js';
import { scopeOption } from './scope-option.js';
import { withTokenTools } from './token-tools.js';

interface NewOptions extends ConfigOptions {
  readonly clientId?: string;
  readonly claims?: JsonObject;
  readonly label?: string;
  readonly scope?: readonly string[];
  readonly expiresIn?: number;
}

/** `fastauth token` */
export function tokenCommand(): Command {
  const issue = withConfigOptions(new Command('new'))
    .description('Issue a pair of tokens into the configured store and print it.')
    .option('--client-id <text>', 'whom it is for (default: a new UUID)')
    .option('--claims <json>', 'claims of your own, as a JSON object', claimsOf)
    .addOption(scopeOption('what it may do'))
    .option('--label <text>', 'tells sessions of one client apart')
    .option(
      '--expires-in <seconds>',
      'lifetime of the access token (default: access-token-expires-in)',
      secondsOf,
    )
    .action(async (options: NewOptions) => print(await issued(options), options.json ?? false));
  const inspect = withConfigOptions(new Command('inspect'))
    .description(
      'Read a token from standard input and tell whether it is good, what it says, and what is wrong with it (exit status 1).',
    )
    .action(async (options: ConfigOptions) => print(await inspected(options), options.json ?? false));
  const revoke = withConfigOptions(new Command('revoke'))
    .description(
      'Read a token from standard input and end the session it belongs to (RFC 7009). Exit status 1: it ended none, since the token is not ours, has expired, or its session has ended before.',
    )
    .action(async (options: ConfigOptions) => print(await revoked(options), options.json ?? false));
  return [issue, inspect, revoke].reduce(
    (command, subcommand) => command.addCommand(subcommand),
    new Command('token').description('Issue, inspect and revoke tokens.'),
  );
}

async function issued(options: NewOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const tokens = await withTokenTools(config, ({ service }) =>
    service.issue({
      clientId: options.clientId,
      claims: options.claims,
      label: options.label,
      scopes: options.scope,
      accessTokenExpiresIn: options.expiresIn,
    }),
  );
  const { clientId, accessToken, refreshToken, accessExpiresAt, refreshExpiresAt } = tokens;
  return {
    lines: [
      `client_id:     ${clientId}`,
      `access_token:  ${accessToken}`,
      `  until        ${dateOf(accessExpiresAt)}`,
      `refresh_token: ${refreshToken}`,
      `  until        ${dateOf(refreshExpiresAt)}`,
    ],
    json: { client_id: clientId, access_token: accessToken, refresh_token: refreshToken },
  };
}

async function inspected(options: ConfigOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const token = await readToken();
  return withTokenTools(config, async ({ service, readToken: read }) => {
    const claims = await read(token);
    if (claims instanceof TokenFault) return bad(claims);
    const { active } = await service.introspect(token);
    if (!active) return bad(TokenFault.notCurrent, claims.raw);
    return {
      lines: [
        `good: ${claims.type === 'access' ? 'an' : 'a'} ${claims.type} token of ${JSON.stringify(claims.clientId)}`,
        ...linesOf(claims.raw),
      ],
      json: { active, claims: claims.raw },
    };
  });
}

async function readToken(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the token, then press Enter and Ctrl-D.\n');
  return (await text(process.stdin)).trim();
}

async function revoked(options: ConfigOptions): Promise<CommandOutput> {
  const { config } = readConfig(options);
  const token = await readToken();
  const hasEnded = await withTokenTools(config, ({ service }) => service.revokeToken(token));
  return {
    lines: [hasEnded ? 'The session of this token has ended.' : 'This token ended no session.'],
    json: { revoked: hasEnded },
    exitCode: hasEnded ? EXIT.done : EXIT.failed,
  };
}

function bad({ reason }: TokenFault, claims?: JsonObject): CommandOutput {
  return {
    lines: [`not good: ${reason}`, ...(claims ? linesOf(claims) : [])],
    json: { active: false, reason, ...(claims ? { claims } : {}) },
    exitCode: EXIT.failed,
  };
}

function linesOf(claims: JsonObject): readonly string[] {
  return Object.entries(claims).map(([name, value]) =>
    ['exp', 'iat', 'nbf'].includes(name)
      ? `  ${name}: ${JSON.stringify(value)} (${dateOf(value as number)})`
      : `  ${name}: ${JSON.stringify(value)}`,
  );
}

function secondsOf(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !SETTINGS.accessTokenExpiresIn.safeParse(seconds).success) {
    throw new InvalidArgumentError(
      'It is a whole number of seconds, from 1 to 3153600000 (a hundred years).',
    );
  }
  return seconds;
}

function claimsOf(value: string): JsonObject {
  const claims = parseStrictObject(Buffer.from(value));
  if (!claims) throw new InvalidArgumentError('It is a JSON object without a name twice.');
  return claims;
}
