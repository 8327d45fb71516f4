import { open, rename } from 'node:fs/promises';

/** Writes a file as a whole: the old or the new content is there at any moment, also after a crash of the machine. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
