#!/usr/bin/env node
import { Command } from 'commander';
import { readVersion } from '../otel/process.ts';
import { environmentOfRunningStack } from '../stack/running.ts';
import { defaultDirectory } from '../stack/state.ts';
import { failWith } from './output.ts';

const NODE_MAJOR_MIN = 24;

const COMMANDS = [
  'up',
  'status',
  'demo',
  'migrate',
  'tenant',
  'import',
  'windows',
  'reconcile',
  'replay',
  'dlq',
  'incident',
  'oncall',
  'deploy',
  'event',
  'trace',
] as const;

/**
 * The command line `unmogrowp`. Each command lives in `commands/<name>.ts` and is loaded only when it may be needed, so
 * that `--help` of a small command does not load the clients of every part.
 */
async function main(): Promise<void> {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < NODE_MAJOR_MIN) {
    process.stderr.write(
      `unmogrowp needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}.\n` +
        'Run it through the Node that the project installs: npm run unmogrowp -- <command>\n',
    );
    process.exit(2);
  }
  // `| head` closes the pipe when it has seen enough: that is no failure.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0);
      throw error;
    });
  }
  const program = new Command('unmogrowp')
    // `replay diff ID --json` is an option of `diff`, although `replay` has one of that name too.
    .enablePositionalOptions()
    .description('An open attribution platform whose pipeline explains itself')
    .version(readVersion())
    .showHelpAfterError('(add --help for the options)')
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  await registerCommands(program, process.argv[2]);
  // A command in another terminal finds what `up` runs; these three look after the stack by themselves.
  if (!['up', 'demo', 'status'].includes(process.argv[2] ?? '')) {
    Object.assign(process.env, environmentOfRunningStack(defaultDirectory(process.env), process.env));
  }
  try {
    await program.parseAsync();
  } catch (error) {
    failWith(error);
  }
}

/** Loads the one command that is asked for, or all of them for the overview. */
async function registerCommands(program: Command, asked: string | undefined): Promise<void> {
  const names = COMMANDS.some((name) => name === asked) ? COMMANDS.filter((name) => name === asked) : COMMANDS;
  for (const name of names) {
    const module = (await import(`./commands/${name}.ts`)) as { register: (program: Command) => void };
    module.register(program);
  }
}

await main();
