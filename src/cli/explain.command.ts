import { text } from 'node:stream/consumers';
import { Command } from 'commander';
import { toldRequestLine } from '../access/request-line.js';
import { type ExplainedStep, explanationLines } from '../tokens/token-explanation.js';
import { CommandError, type CommandOutput, EXIT, print } from './command-output.js';
import { type ConfigOptions, readConfig, withConfigOptions } from './config-options.js';
import { explainSentRequest } from './explained-request.js';
import { type HeaderPair, headerOf, requestLineOf, sentRequest } from './sent-request.js';
import { withTokenTools } from './token-tools.js';

interface ExplainOptions extends ConfigOptions {
  readonly request?: ReturnType<typeof requestLineOf>;
  readonly header?: readonly HeaderPair[];
}

/** `fastauth explain` */
export function explainCommand(): Command {
  return withConfigOptions(new Command('explain'))
    .description(
      'Say step by step why a token or a request is let in or refused, and what to do. A token is read from standard input. Exit status 1: it is refused. No token or secret is shown.',
    )
    .option(
      '--request <line>',
      'explain a request: its method and path, such as "GET /devices"',
      requestLineOf,
    )
    .option(
      '--header <header>',
      'a header of the request, "Name: value"; several times. With "-" as value, or "Bearer -", the token is read from standard input, where the command line does not show it',
      headerOf,
    )
    .action(async (options: ExplainOptions) => print(await explained(options), options.json ?? false));
}

async function explained({ request, header = [], ...options }: ExplainOptions): Promise<CommandOutput> {
  if (request === undefined && header.length > 0) {
    throw new CommandError('--header belongs to a request; name it with --request.', EXIT.misuse);
  }
  // Nothing is to be counted as a use of the session.
  const config = { ...readConfig(options).config, trackLastUsed: 0 };
  const pairs = request === undefined ? [] : await withStandardInput(header);
  const token = request === undefined ? await readInput() : '';
  return withTokenTools(config, async (tools) => {
    if (request !== undefined) {
      const steps = await explainSentRequest(sentRequest(request, pairs), config, tools);
      const { method, path } = toldRequestLine({ method: request.method, url: request.target });
      return outputOf(steps, { request: `${method} ${path}` }, steps.at(-1)?.isPassed === true);
    }
    const steps = await tools.explainer.explain(token);
    return outputOf(
      steps,
      {},
      steps.every(({ isPassed }) => isPassed),
    );
  });
}

async function withStandardInput(pairs: readonly HeaderPair[]): Promise<readonly HeaderPair[]> {
  if (!pairs.some(([, value]) => takesInput(value))) return pairs;
  const input = await readInput();
  return pairs.map(([name, value]) => [name, takesInput(value) ? value.slice(0, -1) + input : value]);
}

function takesInput(value: string): boolean {
  return /^(?:bearer +)?-$/i.test(value);
}

async function readInput(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Paste the token, then press Enter and Ctrl-D.\n');
  return (await text(process.stdin)).trim();
}

function outputOf(
  steps: readonly ExplainedStep[],
  about: { request?: string },
  isGood: boolean,
): CommandOutput {
  return {
    lines: [...(about.request === undefined ? [] : [about.request]), ...explanationLines(steps)],
    json: {
      ...about,
      allowed: isGood,
      steps: steps.map(({ step, isPassed, text: message, remedy }) => ({
        step,
        passed: isPassed,
        message,
        remedy,
      })),
    },
    exitCode: isGood ? EXIT.done : EXIT.failed,
  };
}
