import { AREAS } from './registry/all.ts';
import {
  type ExternalDeclaration,
  type Labels,
  type MetricDeclaration,
  type Source,
  isClosed,
} from './registry/declare.ts';
import { EXTERNAL } from './registry/external/all.ts';
import { LOG_FIELDS } from './registry/log-fields.ts';
import { SPANS, type SpanDeclaration } from './registry/spans.ts';

const VALUES_SHOWN_MAX = 12;

type Declared = MetricDeclaration | ExternalDeclaration;

const SOURCE_TITLES: Readonly<Record<Source, string>> = {
  clickhouse: 'What we use of the metrics of ClickHouse',
  temporal_server: "What we use of the metrics of Temporal's server",
  temporal_sdk: "What we use of the metrics of Temporal's SDK, on the page of the worker",
  jaeger: 'What we use of the metrics of Jaeger',
  prometheus: 'What we use of the metrics of Prometheus',
  alertmanager: 'What we use of the metrics of Alertmanager',
  loki: 'What we use of the metrics of Loki',
  rules: 'What our recording rules write',
};

/** Every declared metric, log field and span as a page of the documentation. */
export function telemetryMarkdown(): string {
  const areas = Object.entries(AREAS).map(([area, declarations]) =>
    tableMarkdown(`Metrics of ${area}`, Object.values(declarations)),
  );
  const sources = Object.entries(EXTERNAL).map(([source, declarations]) =>
    tableMarkdown(SOURCE_TITLES[source as Source], Object.values(declarations)),
  );
  return `# Telemetry

Generated from \`otel/registry/\`: \`npm run generate\`. Nothing else is measured, and no label, span or log line holds the
identity of a person. Every process serves its metrics as OpenMetrics on \`/metrics\`; what is marked with an asterisk
keeps the \`trace_id\` of a sampled request as an exemplar.

${areas.join('\n')}
${sources.join('\n')}
## Fields of the log

Every process writes its log as lines of JSON to standard output, and to Loki where \`LOKI_URL\` is set. There a \`label\`
makes a stream, \`metadata\` is structured metadata by which lines are found, and all else stands in the line alone.

| field | what it says | in Loki |
| --- | --- | --- |
${Object.entries(LOG_FIELDS)
  .map(([name, { help, place }]) => row(code(name), help, place))
  .join('\n')}

## Spans

| span | what it is | attributes | events |
| --- | --- | --- | --- |
${Object.values<SpanDeclaration>(SPANS)
  .map(({ name, help, attributes, events = {} }) => row(code(name), help, codes(attributes), eventText(events)))
  .join('\n')}
`;
}

const codes = (names: readonly string[]): string => names.map(code).join(', ');

const eventText = (events: Readonly<Record<string, readonly string[]>>): string =>
  Object.entries(events)
    .map(([name, attributes]) => `${code(name)} (${codes(attributes)})`)
    .join(', ');

function tableMarkdown(title: string, declarations: readonly Declared[]): string {
  const rows = declarations.map((declaration) =>
    row(
      `${code(declaration.name)}${hasExemplars(declaration) ? ' *' : ''}`,
      declaration.kind,
      declaration.help,
      labelText(declaration.labels),
    ),
  );
  return `## ${title}\n\n| metric | type | what it measures | labels |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const hasExemplars = (declaration: Declared): boolean => 'exemplars' in declaration && declaration.exemplars;

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(
      ([name, values]) => `${code(name)}: ${isClosed(values) ? valueText(values) : `as many as ${values.boundedBy}`}`,
    )
    .join('; ');
}

function valueText(values: readonly string[]): string {
  const shown = values.slice(0, VALUES_SHOWN_MAX).map(code).join(', ');
  return values.length > VALUES_SHOWN_MAX ? `${shown} and ${values.length - VALUES_SHOWN_MAX} more` : shown;
}

const code = (text: string): string => `\`${text}\``;
const row = (...cells: string[]): string => `| ${cells.join(' | ')} |`;
