import { Client, Connection } from '@temporalio/client';
import { toTemporalError } from '../activities/client.ts';
import type { Env } from '../env.ts';

/** A connected client of Temporal; `close` ends its connection. */
export interface TemporalConnection {
  client: Client;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 5_000;

/** Connects to Temporal as the environment says. Throws `temporal_unavailable`. */
export async function connectTemporal(env: Env): Promise<TemporalConnection> {
  try {
    const connection = await Connection.connect({
      address: env.TEMPORAL_ADDRESS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(env.TEMPORAL_TLS ? { tls: true } : {}),
      ...(env.TEMPORAL_API_KEY === undefined ? {} : { apiKey: env.TEMPORAL_API_KEY }),
    });
    return {
      client: new Client({ connection, namespace: env.TEMPORAL_NAMESPACE }),
      close: () => connection.close(),
    };
  } catch (error) {
    throw toTemporalError(error);
  }
}
