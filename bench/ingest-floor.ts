import { createServer } from 'node:http';
import { Kafka, logLevel } from 'kafkajs';

/**
 * The floor that ingest is measured against: the least that any Node program must do to take events honestly. Bare
 * node:http, JSON.parse, and one produce with acks from all replicas for all requests that arrived meanwhile. No
 * key, no validation, no rows, no traces. Arguments: brokers, topic.
 */
const [brokers = '', topic = ''] = process.argv.slice(2);
const producer = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.ERROR }).producer();
await producer.connect();

let waiting: { value: Buffer; answer: () => void }[] = [];
let sending = false;

async function sendWaiting(): Promise<void> {
  if (sending) return;
  sending = true;
  while (waiting.length > 0) {
    const batch = waiting;
    waiting = [];
    await producer.send({ topic, acks: -1, messages: batch.map(({ value }) => ({ value })) });
    for (const { answer } of batch) answer();
  }
  sending = false;
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const value = Buffer.concat(chunks);
    const { events } = JSON.parse(value.toString()) as { events: unknown[] };
    const answer = (): void => {
      response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ accepted: events.length }));
    };
    waiting.push({ value, answer });
    sendWaiting().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    });
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
