import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'oxc-parser';

/**
 * Who may import whom. A root folder is one stage of an event's way; imports go one way, from users to used. `types`
 * are folders of which only types may be imported.
 */
const ALLOWED: Readonly<Record<string, { values: readonly string[]; types?: readonly string[] }>> = {
  errors: { values: [] },
  env: { values: ['errors'] },
  migrations: { values: ['errors'] },
  openapi: { values: [] },
  // Label values are the closed lists of the contract.
  otel: { values: ['errors', 'events', 'incidents'] },
  events: { values: [] },
  attribution: { values: ['events'] },
  // Policy, on-call and the states of incidents: decided here, carried out by workflows and activities.
  incidents: { values: ['errors', 'events', 'openapi'] },
  workflows: { values: ['attribution', 'events', 'incidents'], types: ['activities'] },
  kafka: { values: ['events', 'errors', 'otel'] },
  clickhouse: { values: ['events', 'errors', 'otel', 'migrations'] },
  postgres: { values: ['events', 'errors', 'otel', 'migrations'], types: ['incidents'] },
  ingest: { values: ['events', 'kafka', 'postgres', 'errors', 'openapi', 'otel'] },
  sink: { values: ['events', 'kafka', 'clickhouse', 'errors', 'otel'] },
  activities: {
    values: ['events', 'attribution', 'incidents', 'clickhouse', 'postgres', 'kafka', 'errors', 'otel'],
    types: ['workflows'],
  },
  importers: { values: ['events', 'postgres', 'errors', 'otel'] },
  dashboards: { values: ['events', 'otel'] },
  // Alerts link to the panels that show what they are about.
  alerts: { values: ['errors', 'events', 'otel', 'dashboards'] },
  // How a secured cluster is asked whether it is there.
  stack: { values: ['errors', 'kafka'] },
};

/** Composition roots and proofs: they wire everything together and may import anything. */
const FREE = new Set(['bin', 'test', 'bench', 'checks', 'vitest.config']);

/** One line for each import that the table above does not allow. */
export function importProblems(root: string, files: readonly string[]): string[] {
  return files.flatMap((file) => {
    const from = stageOf(file);
    if (FREE.has(from) || file.endsWith('.test.ts')) return [];
    const rule = ALLOWED[from];
    if (rule === undefined)
      return [`${file}: the root folder ${from}/ is not in the import table of checks/imports.ts`];
    return importsOf(join(root, file)).flatMap(({ specifier, typeOnly }) => {
      if (!specifier.startsWith('.')) return [];
      const target = relative(root, resolve(dirname(join(root, file)), specifier));
      if (!existsSync(join(root, target))) return [`${file}: ${specifier} does not exist`];
      const to = stageOf(target);
      if (to === from || to === 'package.json' || rule.values.includes(to)) return [];
      if (typeOnly && rule.types?.includes(to)) return [];
      return [
        `${file}: ${from} must not import ${to}${rule.types?.includes(to) ? ' except as types' : ''} (${specifier})`,
      ];
    });
  });
}

const stageOf = (file: string): string => {
  const first = file.split('/')[0] ?? file;
  return file.includes('/') ? first : first.replace(/\.ts$/, '');
};

interface Import {
  specifier: string;
  typeOnly: boolean;
}

function importsOf(path: string): Import[] {
  const text = readFileSync(path, 'utf8');
  const { module } = parseSync(path, text);
  const imports = module.staticImports.map((entry) => ({
    specifier: entry.moduleRequest.value,
    typeOnly: entry.entries.length > 0 && entry.entries.every((name) => name.isType),
  }));
  const exports = module.staticExports.flatMap((entry) =>
    entry.entries.flatMap((name) =>
      name.moduleRequest ? [{ specifier: name.moduleRequest.value, typeOnly: name.isType }] : [],
    ),
  );
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({
    specifier: text.slice(start, end).replaceAll(/^['"`]|['"`]$/g, ''),
    typeOnly: false,
  }));
  return [...imports, ...exports, ...dynamic];
}
