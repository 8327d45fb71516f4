/** Starts a stack and tells its process ids in one line; used by tests that kill the launcher. */
import { startStack } from '../../stack/stack.ts';
import { readChildren, readState } from '../../stack/state.ts';
import { PART_NAMES } from '../../stack/types.ts';

const [directory, parts] = process.argv.slice(2);
if (directory === undefined || parts === undefined) throw new Error('usage: launcher.ts DIRECTORY PARTS');
await startStack({
  directory,
  environment: process.env,
  freePorts: true,
  parts: PART_NAMES.filter((name) => parts.split(',').includes(name)),
});
process.stdout.write(`${JSON.stringify({ keeper: readState(directory)?.keeper, parts: readChildren(directory) })}\n`);
setInterval(() => undefined, 60_000);
