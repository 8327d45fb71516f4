import { Client, Connection, ServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import type { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';
import { type WindowClient, toTemporalError } from '../activities/client.ts';
import type { Env } from '../env.ts';
import { UnmogrowpError } from '../errors.ts';

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
    throw ofTemporal(error, env);
  } finally {
    await client.close();
  }
}

function ofTemporal(error: unknown, env: Env): unknown {
  if (error instanceof NamespaceNotFoundError) {
    return new UnmogrowpError(
      'configuration_invalid',
      `Temporal at ${env.TEMPORAL_ADDRESS} has no namespace ${env.TEMPORAL_NAMESPACE}: make it, or set TEMPORAL_NAMESPACE.`,
      { cause: error },
    );
  }
  return error instanceof ServiceError ? toTemporalError(error) : error;
}
