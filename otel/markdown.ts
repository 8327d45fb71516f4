import { AREAS } from './registry/all.ts';
import { type Labels, type MetricDeclaration, isClosed } from './registry/declare.ts';
import { SPANS, type SpanDeclaration } from './registry/spans.ts';

const VALUES_SHOWN_MAX = 12;

/** Every declared metric and span as a page of the documentation. */
export function telemetryMarkdown(): string {
  const areas = Object.entries(AREAS).map(([area, declarations]) => areaMarkdown(area, Object.values(declarations)));
  return `# Telemetry

Generated from \`otel/registry/\`: \`npm run generate\`. Nothing else is measured, and no label, span or log line holds the
identity of a person. Every process serves its metrics as OpenMetrics on \`/metrics\`; what is marked with an asterisk
keeps the \`trace_id\` of a sampled request as an exemplar.

${areas.join('\n')}
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

function areaMarkdown(area: string, declarations: readonly MetricDeclaration[]): string {
  const rows = declarations.map((declaration) =>
    row(
      `${code(declaration.name)}${hasExemplars(declaration) ? ' *' : ''}`,
      declaration.kind,
      declaration.help,
      labelText(declaration.labels),
    ),
  );
  return `## Metrics of ${area}\n\n| metric | type | what it measures | labels |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const hasExemplars = (declaration: MetricDeclaration): boolean => declaration.kind !== 'gauge' && declaration.exemplars;

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
