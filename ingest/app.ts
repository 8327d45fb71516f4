import { Hono } from 'hono';
import { type UnmogrowpError, toUnmogrowpError } from '../errors.ts';
import { type Answer, refusedAnswer } from './answers.ts';
import { openApiDocument } from './openapi.ts';
import { readWebBody } from './read-body.ts';
import { type TakeEvents, UNAVAILABLE } from './take-events.ts';
import { newTraceContext } from './trace-context.ts';

export interface IngestDependencies {
  takeEvents: TakeEvents;
  /** Whether an event would be taken now, and what stands against it. */
  readiness: () => Promise<Readiness>;
  /** Told about what should never happen; the client is told to send the request again. */
  onError?: (error: UnmogrowpError) => void;
}

export interface Readiness {
  ready: boolean;
  [part: string]: boolean | string;
}

/** The HTTP application: the same on Node and Bun. Everything that it touches is given to it. */
export function createIngestApp({ takeEvents, readiness, onError }: IngestDependencies): Hono {
  const app = new Hono();
  app.post('/v1/events', async ({ req: { raw } }) =>
    toResponse(
      await takeEvents({
        header: (name) => raw.headers.get(name) ?? undefined,
        readBody: (limits) => readWebBody(raw, limits),
      }),
    ),
  );
  app.get('/healthz', (context) => context.json({ alive: true }));
  app.get('/readyz', async (context) => {
    const state = await readiness();
    return context.json(state, state.ready ? 200 : 503);
  });
  app.get('/openapi.json', (context) => context.json(openApiDocument()));
  app.onError((error) => {
    onError?.(toUnmogrowpError(error));
    return toResponse(refusedAnswer(UNAVAILABLE, newTraceContext().traceId));
  });
  return app;
}

const toResponse = ({ body, status, headers }: Answer): Response => new Response(body, { status, headers });
