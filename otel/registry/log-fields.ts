/** Where a field stands in Loki: few values make a label, what one looks for by its value is structured metadata. */
type LogFieldPlace = 'label' | 'metadata' | 'line';

interface LogFieldDeclaration {
  readonly help: string;
  readonly place: LogFieldPlace;
}

/** Every field that a line of the log can have at its top. None of them holds the identity of a person. */
export const LOG_FIELDS = {
  time: { help: 'When it was written, in UTC.', place: 'line' },
  level: { help: 'How bad it is: debug, info, warn or error.', place: 'label' },
  service: { help: 'The process: ingest, sink, worker or incidents.', place: 'label' },
  environment: { help: 'Name of the installation.', place: 'label' },
  msg: { help: 'What happened, in a few words that are always the same.', place: 'line' },
  trace_id: { help: 'The trace in which it was written.', place: 'metadata' },
  span_id: { help: 'The span in which it was written.', place: 'metadata' },
  tenant: { help: 'Whose events or window it is about.', place: 'metadata' },
  window: { help: 'Start of the window that it is about, in UTC.', place: 'metadata' },
  event_id: { help: 'The event that it is about.', place: 'metadata' },
  code: { help: 'Code of the error or of the refusal.', place: 'line' },
  error: { help: 'What the error says.', place: 'line' },
  causes: { help: 'What the errors below it say that it does not.', place: 'line' },
  causes_left_out: { help: 'How many more there are.', place: 'line' },
  retryable: { help: 'Whether the same may succeed later.', place: 'line' },
  stack: { help: 'Where an error was thrown that nobody has explained.', place: 'line' },
  context: { help: 'Facts that the error carries.', place: 'line' },
  details: { help: 'What a library says beside its message.', place: 'line' },
  status: { help: 'HTTP status of an answer.', place: 'line' },
  accepted: { help: 'Events that were accepted.', place: 'line' },
  rejected: { help: 'Events that were rejected.', place: 'line' },
  destination: { help: 'Where accepted events are safe: kafka or spool.', place: 'line' },
  bytes: { help: 'Size of the body of a request.', place: 'line' },
  duration_ms: { help: 'How long it took.', place: 'line' },
  generation: { help: 'Generation of the consumer group.', place: 'line' },
  partition: { help: 'The partition that it is about.', place: 'line' },
  partitions: { help: 'The partitions that it is about.', place: 'line' },
  offset: { help: 'Offset of the record that it is about.', place: 'line' },
  begun: { help: 'Partitions on which somebody had begun a range before.', place: 'line' },
  reason: { help: 'Why a letter is dead.', place: 'line' },
  workflow_type: { help: 'Kind of the workflow.', place: 'line' },
  workflow_id: { help: 'Identity of the workflow.', place: 'line' },
  workflow_run_id: { help: 'One run of the workflow, for Temporal.', place: 'line' },
  activity_type: { help: 'Kind of the activity.', place: 'line' },
  attempt: { help: 'How often the activity was begun.', place: 'line' },
} as const satisfies Record<string, LogFieldDeclaration>;

export type LogField = keyof typeof LOG_FIELDS;

/** The fields of one place. */
export const logFieldsAt = (place: LogFieldPlace): LogField[] =>
  Object.entries(LOG_FIELDS).flatMap(([name, field]) => (field.place === place ? [name as LogField] : []));
