import { open, rename } from 'node:fs/promises';
import { UnmogrowpError } from '../errors.ts';

/**
 * Writes a file as a whole: the old or the new content is there at any moment, also after a crash of the machine. Throws
 * `import_invalid` where no file can be written.
 */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** What becomes of an error of the file system when a file cannot be written. */
export function unwritable(path: string, error: unknown): UnmogrowpError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === 'ENOENT' ? 'its folder does not exist' : message;
  return new UnmogrowpError('import_invalid', `${path} cannot be written: ${reason}`, { cause: error });
}
