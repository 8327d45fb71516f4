import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type WorkflowBundle, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'unmogrowp');
const ENTRY = 'workflows/index.ts';
/** The workflows of the process `incidents`. */
export const INCIDENTS_ENTRY = 'workflows/incidents-index.ts';
/** Of what workflows are made of, as far as it is ours. */
const WORKFLOW_FOLDERS = ['workflows', 'attribution', 'events', 'incidents'];

/** Where a bundle of the workflows lies, or the bundle itself where nothing can be stored. */
export type LoadedBundle = { codePath: string } | WorkflowBundle;

/**
 * The workflows as one script for the worker. Bundling takes seconds and hundreds of megabytes, so the result is kept
 * under a name made from everything that goes into it; a read-only installation bundles at each start instead.
 */
export async function loadWorkflowBundle(
  plugin: OpenTelemetryPlugin,
  options: { entry?: string; cacheDirectory?: string } = {},
): Promise<LoadedBundle> {
  const { entry = ENTRY, cacheDirectory = CACHE } = options;
  const codePath = join(cacheDirectory, `workflows-${fingerprint(entry)}.js`);
  if (existsSync(codePath)) return { codePath };
  const bundle = await bundleWorkflowCode({
    workflowsPath: join(ROOT, entry),
    plugins: [plugin],
    logger: new DefaultLogger('WARN'),
  });
  try {
    mkdirSync(cacheDirectory, { recursive: true });
    // Two processes that bundle at once must not read each other's half.
    const written = `${codePath}.${randomUUID()}`;
    writeFileSync(written, bundle.code);
    renameSync(written, codePath);
    return { codePath };
  } catch {
    return bundle;
  }
}

/** Names the workflows that this program holds: others have another one. */
export const workflowFingerprint = (): string => fingerprint(ENTRY);

/** Changes whenever the bundle would: with the sources, the entry and the versions of what is installed. */
function fingerprint(entry: string): string {
  const hash = createHash('sha256').update(entry);
  const folders = new Set([dirname(entry), ...WORKFLOW_FOLDERS]);
  for (const file of [...[...folders].flatMap(sources), 'package-lock.json']) {
    hash.update(file).update(readFileSync(join(ROOT, file)));
  }
  return hash.digest('hex').slice(0, 16);
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => join(folder, file));
}
