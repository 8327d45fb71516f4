import { type MetricDeclaration, isClosed } from '../../otel/registry/declare.ts';

/** A sample of a /metrics page. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
  traceId: string | undefined;
}

/** What a /metrics page holds: the metric families that it announces, and every sample. */
export interface MetricsPage {
  families: Map<string, string>;
  samples: Sample[];
}

/** Reads the /metrics page of a process. */
export async function readMetrics(url: string): Promise<MetricsPage> {
  const response = await fetch(`${url}/metrics`);
  const lines = (await response.text()).split('\n');
  if (response.status !== 200 || lines.at(-2) !== '# EOF')
    throw new Error(`not a page of OpenMetrics: ${lines.join()}`);
  const families = lines.flatMap((line) => {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === undefined || type === undefined ? [] : [[name, type] as const];
  });
  return { families: new Map(families), samples: lines.flatMap(parseSample) };
}

const SAMPLE = /^([a-z_][a-z0-9_]*)(?:\{(.*?)\})? (\S+)(?: # \{trace_id="([0-9a-f]{32})"\} \S+ \S+)?$/;

function parseSample(line: string): Sample[] {
  if (line.startsWith('#') || line === '') return [];
  const [, name = '', labels = '', value, traceId] = SAMPLE.exec(line) ?? [];
  if (value === undefined) throw new Error(`not a sample of OpenMetrics: ${line}`);
  const pairs = [...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value), traceId }];
}

/** The sum of all samples of that name whose labels are the given ones, whatever other labels they have. */
export function valueOf(page: MetricsPage, name: string, labels: Readonly<Record<string, string>> = {}): number {
  return page.samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

/** OpenMetrics names the family of a counter without the end of its samples. */
export const familyOf = ({ name, kind }: MetricDeclaration): string =>
  kind === 'counter' ? name.replace(/_total$/, '') : name;

/** The names and label values on a page that none of the declarations knows. */
export function undeclared({ families, samples }: MetricsPage, declarations: readonly MetricDeclaration[]): string[] {
  const known = new Map(declarations.map((declaration) => [familyOf(declaration), declaration]));
  const unknownFamilies = [...families].filter(([name, type]) => known.get(name)?.kind !== type).map(([name]) => name);
  const unknownValues = samples.flatMap(({ name, labels }) => {
    const declaration = known.get(name.replace(/_(total|bucket|sum|count)$/, '')) ?? known.get(name);
    return Object.entries(labels)
      .filter(([label, value]) => {
        const values = declaration?.labels[label];
        if (declaration?.kind === 'histogram' && label === 'le') return false;
        return values === undefined || (isClosed(values) && !values.includes(value));
      })
      .map(([label, value]) => `${name} ${label}=${value}`);
  });
  return [...unknownFamilies, ...unknownValues];
}
