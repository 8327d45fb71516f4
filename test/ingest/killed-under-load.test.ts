import { expect, it } from 'vitest';
import { createTenant } from '../../postgres/tenants.ts';
import { testEnv } from '../support/parts.ts';
import { RUNTIMES, startIngest } from './ingest-process.ts';
import { click, kafkaWithTopic, migratedPool, post, readTopic } from './setup.ts';

const pool = await migratedPool(testEnv);
const kafka = await kafkaWithTopic(testEnv);
const CLIENTS = 8;
const ACCEPTED_MIN = 300;

it.each(RUNTIMES)(
  'an ingest process on %s that is killed under load has answered for no event that is lost',
  async (runtime) => {
    const { write_key: key } = await createTenant(pool, { tenantId: `killed-${runtime}` });
    const ingest = await startIngest(runtime);
    const accepted: string[] = [];
    let enough: () => void = () => {};
    const isEnough = new Promise<void>((resolve) => (enough = resolve));

    async function sendUntilCut(client: number): Promise<void> {
      for (;;) {
        const events = [click(`user-${client}`), click(`other-${client}`)];
        const answer = await post(ingest.url, key, { events }).catch(() => undefined);
        if (answer === undefined) return;
        expect(answer.status).toBe(202);
        accepted.push(...events.map((event) => String(event['event_id'])));
        if (accepted.length > ACCEPTED_MIN) enough();
      }
    }

    const clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => sendUntilCut(client)));
    await isEnough;
    await ingest.end('SIGKILL');
    await clients;
    const stored = new Set((await readTopic(kafka, testEnv)).map(({ row }) => row['event_id'] ?? ''));
    expect(accepted.filter((id) => !stored.has(id))).toEqual([]);
  },
);
