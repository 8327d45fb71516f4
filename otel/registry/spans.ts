export interface SpanDeclaration {
  readonly name: string;
  readonly help: string;
  /** Names of the attributes; none of them holds the identity of a person. */
  readonly attributes: readonly string[];
  /** What may happen while it lasts, with the names of its attributes. */
  readonly events?: Readonly<Record<string, readonly string[]>>;
}

/** Every span that the platform's own code starts. */
export const SPANS = {
  ingestRequest: {
    name: 'ingest.request',
    help: 'One request with events, from its arrival to its answer.',
    attributes: ['http.response.status_code', 'unmogrowp.tenant_id', 'unmogrowp.code', 'unmogrowp.accepted'],
  },
  kafkaProduce: {
    name: 'kafka.produce',
    help: 'The records of one request, until all replicas of Kafka have them. The sink goes on from here.',
    attributes: ['messaging.system', 'messaging.destination.name', 'messaging.batch.message_count'],
  },
  sinkInsert: {
    name: 'sink.insert',
    help: 'One batch of records on its way into ClickHouse. Other sampled records of the batch have a span that links to it.',
    attributes: [
      'messaging.destination.name',
      'messaging.destination.partition.id',
      'unmogrowp.offset_first',
      'unmogrowp.offset_last',
      'unmogrowp.records',
      'unmogrowp.rows',
    ],
    events: { dead_letter: ['reason', 'code'] },
  },
  clickhouseQuery: {
    name: '<name of the query>',
    help: "One call of the ClickHouse client; the server's own spans (service `clickhouse`) are below it.",
    attributes: ['db.system.name', 'db.query.summary'],
  },
  windowRun: {
    name: 'window.run',
    help: 'One run of a window, from its arrival barrier to its outcome: the root of a trace of its own.',
    attributes: ['unmogrowp.tenant_id', 'unmogrowp.window_start', 'unmogrowp.reason', 'unmogrowp.outcome'],
  },
  incidentsRequest: {
    name: 'incidents.request',
    help: 'One request to the incidents process: an alert, a beat, a command or a link. What Temporal does for it is below.',
    attributes: ['http.request.method', 'http.response.status_code'],
  },
} as const satisfies Record<string, SpanDeclaration>;
