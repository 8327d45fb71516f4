import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const BALLAST = 'ballast-of-faults';
const LEFT_BYTES = 16_000_000;
const PIECE = Buffer.alloc(16_384);

/** A small file system of its own for one folder. */
export interface Disk {
  /** Leaves about so many bytes free. */
  fill(bytesFree: number): Promise<void>;
  /** Gives the room back. */
  empty(): void;
  /** Throws while somebody has a file open for writing. */
  setReadOnly(isReadOnly: boolean): Promise<void>;
  unmount(): Promise<void>;
}

/** Why no disks can be made here; undefined when they can. */
export async function whyNoDisks(directory: string): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount a small file system';
  try {
    const disk = await mountDisk(join(directory, 'trial'), { bytes: 16_777_216, directory });
    await disk.unmount();
    return undefined;
  } catch (error) {
    return `no file system can be mounted here: ${(error as Error).message.split('\n')[0] ?? ''}`;
  }
}

/** Makes a file, a file system in it, and mounts that on `folder`. */
export async function mountDisk(
  folder: string,
  { bytes, directory }: { bytes: number; directory: string },
): Promise<Disk> {
  const image = join(directory, `${folder.replaceAll('/', '-').slice(1)}.img`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(image, '');
  truncateSync(image, bytes);
  await run('mkfs.ext4', ['-q', '-m', '0', image]);
  await run('mount', ['-o', 'loop', image, folder]);
  const ballast = join(folder, BALLAST);
  return {
    async fill(bytesFree) {
      const free = (): number => statfsSync(folder).bavail * statfsSync(folder).bsize;
      // Others write meanwhile, so most is taken at once and the rest in small pieces.
      const most = free() - bytesFree - LEFT_BYTES;
      if (most > 0) await run('fallocate', ['-l', String(most), ballast]);
      while (free() > bytesFree + PIECE.length) appendFileSync(`${ballast}-of-pieces`, PIECE);
    },
    empty() {
      for (const file of [ballast, `${ballast}-of-pieces`]) rmSync(file, { force: true });
    },
    setReadOnly: async (isReadOnly) => void (await run('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder])),
    async unmount() {
      await run('umount', [folder]);
      rmSync(image, { force: true });
    },
  };
}
