import { REJECTION_CODES, type RequestCode } from '../events/codes.ts';
import { LIMITS } from '../events/limits.ts';
import accepted from '../events/examples/accepted.json' with { type: 'json' };
import { eventSchema } from '../events/schema.ts';
import { type Json, RETRY_AFTER, answer, jsonSchema, probe, ref } from '../openapi.ts';
import manifest from '../package.json' with { type: 'json' };
import { REQUEST_STATUS, acceptedAnswerSchema, refusedAnswerSchema } from './answers.ts';
import { REQUEST_LIMITS } from './limits.ts';

/** The OpenAPI 3.1 document of the ingest API, generated from the schemas that describe events and answers. */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'UnMoGrowP ingest',
      version: manifest.version,
      description:
        'Takes touchpoints and conversions. What is answered as accepted is on disk and will be counted once.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: {
      '/v1/events': { post: postEvents() },
      '/healthz': { get: probe('getHealth', 'Whether the process is alive', { 200: 'It is.' }) },
      '/readyz': {
        get: probe('getReadiness', 'Whether an event would be taken now', {
          200: 'It would.',
          503: 'It would not; the body names the part that stands against it.',
        }),
      },
      '/openapi.json': { get: probe('getOpenApi', 'This document', { 200: 'The document.' }) },
    },
    components: {
      securitySchemes: { writeKey: { type: 'http', scheme: 'bearer', description: 'A write key of a tenant.' } },
      schemas: {
        Event: jsonSchema(eventSchema),
        Events: {
          type: 'object',
          required: ['events'],
          properties: {
            events: { type: 'array', minItems: 1, maxItems: REQUEST_LIMITS.eventsMax, items: ref('Event') },
          },
        },
        Answer: jsonSchema(acceptedAnswerSchema),
        Refusal: jsonSchema(refusedAnswerSchema),
      },
    },
  };
}

function postEvents(): Json {
  return {
    operationId: 'postEvents',
    summary: 'Send events',
    description:
      `At most ${REQUEST_LIMITS.eventsMax} events and ${REQUEST_LIMITS.bodyBytesMax} bytes, before and after gzip. Each event is ` +
      'judged on its own. Sending an event again with the same event_id is safe: it is counted once. Unknown fields go ' +
      `to properties (at most ${LIMITS.propertiesBytesMax} bytes). Reasons to refuse an event: ${REJECTION_CODES.join(', ')}.`,
    security: [{ writeKey: [] }],
    parameters: [
      {
        name: 'Content-Encoding',
        in: 'header',
        schema: { type: 'string', enum: ['gzip', 'identity'] },
      },
      {
        name: 'traceparent',
        in: 'header',
        description: 'W3C Trace Context; the trace goes on through Kafka into the database.',
        schema: { type: 'string' },
      },
    ],
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: ref('Events'), example: { events: accepted } },
        'application/x-ndjson': {
          schema: {
            type: 'string',
            description: 'One event per line; a broken line refuses only itself. Blank lines do not count in `index`.',
          },
        },
      },
    },
    responses: {
      202: answer('Every event was accepted.', 'Answer'),
      207: answer('Some events were accepted, some were not.', 'Answer'),
      400: answer(refusalText(400), 'Refusal'),
      401: answer(refusalText(401), 'Refusal'),
      408: answer(refusalText(408), 'Refusal'),
      413: answer(refusalText(413), 'Refusal'),
      415: answer(refusalText(415), 'Refusal'),
      429: { ...answer(refusalText(429), 'Refusal'), headers: RETRY_AFTER },
      503: { ...answer(refusalText(503), 'Refusal'), headers: RETRY_AFTER },
    },
  };
}

const refusalText = (status: number): string => {
  const codes = (Object.keys(REQUEST_STATUS) as RequestCode[]).filter((code) => REQUEST_STATUS[code] === status);
  return `No event was accepted. Codes: ${codes.join(', ')}.`;
};
