import { parse } from 'yaml';

/** A query that somebody reads or waits for, and where it stands. */
export interface QueryUse {
  place: string;
  language: 'promql' | 'logql';
  expression: string;
}

interface RuleFile {
  groups?: { name: string; rules?: { alert?: string; record?: string; expr?: unknown }[] }[];
}

/** Every expression of a file of rules, and the names of the series that it records. */
export function usesOfRules(
  path: string,
  text: string,
  language: QueryUse['language'],
): { uses: QueryUse[]; recorded: string[] } {
  const rules = ((parse(text) as RuleFile | null)?.groups ?? []).flatMap((group) => group.rules ?? []);
  const uses = rules.map(({ alert, record, expr }) => ({
    place: `${path}: ${alert ?? record ?? 'a rule'}`,
    language,
    expression: String(expr),
  }));
  return { uses, recorded: rules.flatMap(({ record }) => (record === undefined ? [] : [record])) };
}

/** Every PromQL and LogQL expression of a board: of its panels, variables and annotations. */
export function usesOfBoard(path: string, text: string): QueryUse[] {
  const uses: QueryUse[] = [];
  visit(JSON.parse(text), { place: path, language: undefined }, uses);
  return uses;
}

interface Surroundings {
  place: string;
  language: QueryUse['language'] | undefined;
}

function visit(value: unknown, around: Surroundings, uses: QueryUse[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) visit(item, around, uses);
    return;
  }
  const node = value as Readonly<Record<string, unknown>>;
  const title = node['title'];
  const here = {
    place: typeof title === 'string' && title !== '' ? `${around.place.split(': ')[0]}: ${title}` : around.place,
    language: languageOf(node['datasource']) ?? around.language,
  };
  for (const name of ['expr', 'query', 'definition']) {
    const found = node[name];
    if (typeof found !== 'string' || found === '' || here.language === undefined) continue;
    if (name === 'expr') uses.push({ place: here.place, language: here.language, expression: found });
    else if (here.language === 'promql') uses.push(...usesOfVariable(here.place, found));
  }
  for (const item of Object.values(node)) visit(item, here, uses);
}

const VARIABLE = /^label_values\((.+), *\w+\)$/;

/** `label_values(series, label)` asks for a series. */
function usesOfVariable(place: string, query: string): QueryUse[] {
  const [, expression] = VARIABLE.exec(query) ?? [];
  return expression === undefined ? [] : [{ place, language: 'promql', expression }];
}

function languageOf(datasource: unknown): QueryUse['language'] | undefined {
  const text = JSON.stringify(datasource) ?? '';
  if (text.includes('prometheus')) return 'promql';
  return text.includes('loki') ? 'logql' : undefined;
}

const FENCE = /^```(promql|logql)\b[^\n]*\n([^]*?)^```/gm;

/** Every fenced block of PromQL or LogQL of a page. */
export function usesOfPage(path: string, text: string): QueryUse[] {
  return [...text.matchAll(FENCE)].map(([, language, expression = '']) => ({
    place: path,
    language: language === 'logql' ? 'logql' : 'promql',
    expression: expression.trim(),
  }));
}
