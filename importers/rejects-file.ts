import { type FileHandle, open, rm } from 'node:fs/promises';
import { UnmogrowpError } from '../errors.ts';
import type { Reject } from './map-row.ts';
import { unwritable } from './replace-file.ts';

/** Collects what was not taken: one line each with the line of the CSV file, the event, the code and the reason. */
export interface RejectsFile {
  /** Writes them and gives the length of the file after it. */
  append(rejects: readonly Reject[]): Promise<number>;
  close(): Promise<void>;
}

const HEADER = 'line,event,code,message\n';

/**
 * Opens the file at the length at which a continued import had come to; the file is made with the first reject. Throws
 * `import_invalid` when it cannot be written there, or when the file of an import that is continued is gone.
 */
export async function openRejects(path: string, bytes: number): Promise<RejectsFile> {
  let file: FileHandle | undefined;
  let length = bytes;
  if (bytes === 0) await removeOld(path);
  else file = await openAgain(path, bytes);
  return {
    async append(rejects) {
      if (rejects.length === 0) return length;
      file ??= await open(path, 'w');
      const text = (length === 0 ? HEADER : '') + rejects.map(lineOf).join('');
      const buffer = Buffer.from(text);
      await file.write(buffer, 0, buffer.length, length);
      length += buffer.length;
      return length;
    },
    close: async () => file?.close(),
  };
}

/** Also tries that the file can be made: to find out after hours that rejects have no place would be late. */
async function removeOld(path: string): Promise<void> {
  try {
    await (await open(path, 'w')).close();
    await rm(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function openAgain(path: string, bytes: number): Promise<FileHandle> {
  const file = await open(path, 'r+').catch((cause: NodeJS.ErrnoException) => {
    const reason = cause.code === 'ENOENT' ? 'it is gone' : cause.message;
    const message = `${path} cannot be continued: ${reason}. With --restart the import begins anew.`;
    throw new UnmogrowpError('import_invalid', message, { cause });
  });
  await file.truncate(bytes);
  return file;
}

const lineOf = ({ line, event, code, message }: Reject): string => `${line},${event},${code},${quote(message)}\n`;

const quote = (text: string): string => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
