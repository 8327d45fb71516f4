import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AREAS } from '../otel/registry/all.ts';
import { EXTERNAL } from '../otel/registry/external/all.ts';
import { SPANS } from '../otel/registry/spans.ts';
import { emissionProblems, readEmission } from './telemetry-emission.ts';
import { type KnownSeries, readLogql, readPromql, seriesOf } from './telemetry-queries.ts';
import { type QueryUse, usesOfBoard, usesOfPage, usesOfRules } from './telemetry-uses.ts';

/** Folders whose code runs in production, and measures. */
const EMITTING = /^(?:activities|bin|clickhouse|importers|ingest|kafka|otel|postgres|sink|workflows)\//;
const NOT_EMITTING = /^otel\/registry\/|\.test\.ts$/;

/**
 * One line for each metric or span that is declared and not emitted, or emitted and not declared, and for each rule, panel
 * or page that uses what is not declared, or for a metric of another program that nothing uses.
 */
export function telemetryProblems(root: string, files: readonly string[]): string[] {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8');
  const emissions = files
    .filter((file) => EMITTING.test(file) && file.endsWith('.ts') && !NOT_EMITTING.test(file))
    .map((file) => readEmission(file, read(file)));
  const metrics = Object.assign({}, ...Object.values(AREAS)) as Record<string, { name: string }>;
  return [...emissionProblems(emissions, { metrics, spans: SPANS }), ...useProblems(files, read)];
}

/** What of rules, boards and pages is not declared; and what of other programs is declared and used by none of them. */
export function useProblems(files: readonly string[], read: (file: string) => string): string[] {
  const rules = files
    .filter((file) => /^alerts\/generated\/\w+\.yaml$/.test(file) && !file.endsWith('alertmanager.yaml'))
    .map((file) => usesOfRules(file, read(file), file.endsWith('loki.yaml') ? 'logql' : 'promql'));
  const boards = files.filter((file) => /^dashboards\/generated\/.+\.json$/.test(file));
  const pages = files.filter((file) => /^runbooks\/.+\.md$/.test(file));
  const uses = [
    ...rules.flatMap((file) => file.uses),
    ...boards.flatMap((file) => usesOfBoard(file, read(file))),
    ...pages.flatMap((file) => usesOfPage(file, read(file))),
  ];
  const { rules: recordings, ...others } = EXTERNAL;
  const external = Object.values(others).flatMap((declarations) => Object.values(declarations));
  const recorded = Object.values(recordings);
  const own = Object.values(AREAS).flatMap((declarations) => Object.values(declarations));
  const known = seriesOf([...own, ...external, ...recorded]);
  const { problems, series } = checkUses(uses, known);
  const names = new Set(rules.flatMap((file) => file.recorded));
  return [
    ...problems,
    // Before there is a board or a rule, nothing can be used.
    ...(uses.length === 0 ? [] : external)
      .filter((declaration) => ![...seriesOf([declaration]).keys()].some((name) => series.has(name)))
      .map(({ name, source }) => `${name} of ${source} is declared and nothing uses it`),
    ...recorded.filter(({ name }) => !names.has(name)).map(({ name }) => `${name} is declared and no rule records it`),
    ...[...names].filter((name) => !known.has(name)).map((name) => `${name} is recorded and not declared`),
  ];
}

function checkUses(uses: readonly QueryUse[], known: KnownSeries): { problems: string[]; series: Set<string> } {
  const series = new Set<string>();
  const problems = uses.flatMap(({ place, language, expression }) => {
    const found = language === 'promql' ? readPromql(expression, known) : readLogql(expression);
    for (const name of found.series) series.add(name);
    return found.problems.map((problem) => `${place}: ${problem}`);
  });
  return { problems, series };
}
