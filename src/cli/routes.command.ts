import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type AccessBaseline,
  compareWithBaseline,
  readBaseline,
  writeBaseline,
} from '../routes/access-baseline.js';
import type { AccessEntry } from '../routes/access-entry.js';
import { ACCESS_FAULTS, type AccessFault, faultsOf } from '../routes/access-faults.js';
import { type AccessMap, accessMap } from '../routes/access-map.js';
import { type AppOptions, HOOKS_RUN, withApplication } from './boot-application.js';
import { CommandError, countOf, EXIT, print, type CommandOutput } from './command-output.js';

interface RoutesOptions extends AppOptions {
  readonly json?: true;
  readonly md?: true;
  readonly failOn?: readonly AccessFault[];
  readonly baseline?: string;
  readonly writeBaseline?: true;
}

/** `fastauth routes` */
export function routesCommand(): Command {
  return new Command('routes')
    .description(
      'Boot the application without listening, and list everything that can be called from outside with what it requires and why. ' +
        'What main.ts does (global prefix, raw routes) is seen where --app exports a function that makes the application as main.ts does.',
    )
    .requiredOption(
      '--app <path>',
      'the built file that exports the root module, or a function that makes the application',
    )
    .option('--export <name>', 'the name of that export (default: default, or the only one)')
    .addOption(
      new Option('--adapter <name>', 'for a root module: which platform (default: express)').choices([
        'express',
        'fastify',
      ]),
    )
    .option('--md', 'answer as a table of Markdown')
    .option('--json', 'answer as JSON')
    .option('--fail-on <faults>', `exit with 1 on any of ${ACCESS_FAULTS.join(',')}`, faultsOption)
    .option('--baseline <path>', 'a file that lists what is open on purpose: exit with 1 where it differs')
    .option('--write-baseline', 'write that file, with the reasons that it had; fill in the others')
    .action(async (options: RoutesOptions) => print(await listed(options), options.json ?? false));
}

async function listed(options: RoutesOptions): Promise<CommandOutput> {
  const { baseline: file, writeBaseline: isWritten = false, failOn = [], md = false } = options;
  if (isWritten && file === undefined) {
    throw new CommandError('Name the file to write with --baseline.', EXIT.misuse);
  }
  const known = file === undefined ? undefined : readFile(file, isWritten);
  const map = await withApplication(options, async (app) => accessMap(app));
  process.stderr.write(`${HOOKS_RUN}\n`);
  const baseline = isWritten ? writeBaseline(map, known) : known;
  if (isWritten && file !== undefined) writeFileSync(file, `${JSON.stringify(baseline, null, 2)}\n`);
  const accepted = new Set(baseline?.open.map(({ name }) => name));
  const faults = [
    ...failOn.flatMap((fault) => faultsOf(map, fault, accepted)),
    ...(baseline ? compareWithBaseline(map, baseline) : []),
  ];
  return {
    lines: [
      ...(md ? markdownOf(map) : linesOf(map)),
      '',
      ...faults.map((fault) => `! ${fault}`),
      summaryOf(map),
    ],
    json: { ...map, faults },
    exitCode: faults.length > 0 ? EXIT.failed : EXIT.done,
  };
}

function readFile(file: string, mayBeMissing: boolean): AccessBaseline | undefined {
  if (!existsSync(file)) {
    if (mayBeMissing) return undefined;
    throw new CommandError(`${file} is not there; make it with --write-baseline.`, EXIT.misuse);
  }
  return readBaseline(readFileSync(file, 'utf8'));
}

function linesOf({ entries }: AccessMap): readonly string[] {
  const width = Math.max(0, ...entries.map(({ name }) => name.length));
  return entries.map(
    ({ kind, name, requires, origins }) =>
      `${kind.padEnd(8)} ${name.padEnd(width)}  ${requires} (${origins.join(', ')})`,
  );
}

function markdownOf({ entries }: AccessMap): readonly string[] {
  const row = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
  return [
    row(['kind', 'what', 'requires', 'because of', 'served by']),
    row(['---', '---', '---', '---', '---']),
    ...entries.map(({ kind, name, requires, origins, handler = '' }: AccessEntry) =>
      row([kind, `\`${name}\``, requires, origins.join(', '), handler]),
    ),
  ];
}

function summaryOf({ entries, deadRules, unenforced }: AccessMap): string {
  const open = entries.filter(({ isOpen }) => isOpen).length;
  return `${entries.length} listed, ${open} open, ${countOf(deadRules.length, 'dead rule')}, ${unenforced.length} unenforced.`;
}

function faultsOption(value: string): readonly AccessFault[] {
  return value.split(',').map((name) => {
    const fault = ACCESS_FAULTS.find((each) => each === name.trim());
    if (fault) return fault;
    throw new InvalidArgumentError(`it takes ${ACCESS_FAULTS.join(', ')}, with commas between.`);
  });
}
