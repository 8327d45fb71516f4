import { Client, Connection, ServiceError } from '@temporalio/client';
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type WindowClient, toTemporalError } from '../activities/client.ts';
import type { Env } from '../env.ts';

const CONNECT_TIMEOUT_MS = 5_000;

/** How the environment says that Temporal is reached; the same for clients and workers. */
export function temporalConnection(env: Env): { address: string; tls?: true; apiKey?: string } {
  const { TEMPORAL_ADDRESS: address, TEMPORAL_TLS: tls, TEMPORAL_API_KEY: apiKey } = env;
  return { address, ...(tls ? { tls } : {}), ...(apiKey === undefined ? {} : { apiKey }) };
}

/** A connected client for the windows of this installation. Throws `temporal_unavailable`. */
export async function connectTemporal(
  env: Env,
  plugin?: OpenTelemetryPlugin,
): Promise<WindowClient & { close(): Promise<void> }> {
  try {
    const connection = await Connection.connect({ ...temporalConnection(env), connectTimeout: CONNECT_TIMEOUT_MS });
    const temporal = new Client({
      connection,
      namespace: env.TEMPORAL_NAMESPACE,
      ...(plugin === undefined ? {} : { plugins: [plugin] }),
    });
    return { temporal, taskQueue: env.TEMPORAL_TASK_QUEUE, close: () => connection.close() };
  } catch (error) {
    throw toTemporalError(error);
  }
}

/** Runs one piece of work with a client that is closed afterwards; what the client throws becomes the platform's error. */
export async function withTemporal<Result>(env: Env, work: (client: WindowClient) => Promise<Result>): Promise<Result> {
  const client = await connectTemporal(env);
  try {
    return await work(client);
  } catch (error) {
    throw error instanceof ServiceError ? toTemporalError(error) : error;
  } finally {
    await client.close();
  }
}
