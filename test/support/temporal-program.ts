import { dirname, join } from 'node:path';
import { cachedFolder } from '../../stack/cache.ts';
import { findOnPath } from '../../stack/toolchain.ts';
import { VERSIONS } from '../../stack/versions.ts';

/** The folder of Temporal's command line program: the one on the PATH, or the one whose server the tests use. */
export function temporalProgramFolder(): string {
  const installed = findOnPath('temporal', process.env);
  if (installed !== undefined) return dirname(installed);
  return join(cachedFolder(process.env, 'temporal', VERSIONS.temporal));
}
