import { logFieldsAt } from './registry/log-fields.ts';

const LABELS = logFieldsAt('label');
const METADATA = logFieldsAt('metadata');

/** A line of the log as pino-loki takes it: its labels, its structured metadata, and the line as it stands. */
export interface LokiLine {
  /** In nanoseconds; pino-loki cannot read our times. */
  time: string;
  /** Values of the structured metadata. */
  meta: Readonly<Record<string, string>>;
  line: string;
  readonly [label: string]: unknown;
}

/** What of a line becomes a label, what structured metadata. A line that is no JSON has neither. */
export function lokiLine(line: string, nowMs: number): LokiLine {
  const fields = fieldsOf(line);
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.flatMap((name) => (isText(fields[name]) ? [[name, fields[name]]] : [])));
  const written = Date.parse(String(fields['time']));
  const milliseconds = Number.isNaN(written) ? nowMs : written;
  return { ...pick(LABELS), time: `${milliseconds}000000`, meta: pick(METADATA), line };
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

function fieldsOf(line: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(line)) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
