import { createHash } from 'node:crypto';
import { realpath, rm } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnmogrowpError } from '../../errors.ts';

/**
 * Makes sure that one process alone uses a directory; gives the function that releases it. A listening socket instead
 * of a file with a process id: it vanishes with its process, however that ends, and no other process can inherit it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const name = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
    .slice(0, 16);
  const path = join(tmpdir(), `unmogrowp-${name}.sock`);
  const server = (await listen(path)) ?? (await listenAgain(path, directory));
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

async function listenAgain(path: string, directory: string): Promise<Server> {
  if (!(await isAnswered(path))) {
    // Left by a process that was killed.
    await rm(path, { force: true });
    const server = await listen(path);
    if (server !== undefined) return server;
  }
  throw new UnmogrowpError(
    'spool_failed',
    `Another process uses the spool ${directory}. Give each ingest process its own INGEST_SPOOL_DIRECTORY.`,
  );
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(new UnmogrowpError('spool_failed', `The spool cannot be locked: ${error.message}`, { cause: error }));
    });
    server.listen(path, () => resolve(server));
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
