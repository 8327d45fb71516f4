import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files that are written by a program and committed; a stale one fails the checks. */
async function generatedFiles(): Promise<Record<string, string>> {
  const { boardFiles } = await import('../dashboards/boards.ts');
  const { openApiDocument } = await import('../ingest/openapi.ts');
  const incidents = await import('../incidents/http/openapi.ts');
  const { telemetryMarkdown } = await import('../otel/markdown.ts');
  const { configurationMarkdown } = await import('./configuration.ts');
  const { lokiRules, prometheusRules } = await import('../alerts/rule-file.ts');
  const { alertmanagerConfig } = await import('../alerts/routing.ts');
  const inEarnest = { timeScale: 1 };
  return {
    'alerts/generated/alertmanager.yaml': alertmanagerConfig(inEarnest),
    'alerts/generated/loki.yaml': lokiRules(inEarnest),
    'alerts/generated/prometheus.yaml': prometheusRules(inEarnest),
    'docs/configuration.md': configurationMarkdown(),
    'docs/openapi.json': `${JSON.stringify(openApiDocument(), null, 2)}\n`,
    'docs/openapi-incidents.json': `${JSON.stringify(incidents.openApiDocument(), null, 2)}\n`,
    'docs/telemetry.md': telemetryMarkdown(),
    ...boardFiles(),
  };
}

/** One line for each committed file that differs from what its program would write now. */
export async function generatedProblems(root: string): Promise<string[]> {
  const files = await generatedFiles();
  return Object.entries(files).flatMap(([path, text]) => (read(join(root, path)) === text ? [] : [`${path} is stale`]));
}

/** Writes every generated file; gives the paths. */
export async function generate(root: string): Promise<string[]> {
  const files = await generatedFiles();
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  return Object.keys(files);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
