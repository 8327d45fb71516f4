import { type Json, RETRY_AFTER, answer, jsonSchema, probe, ref } from '../../openapi.ts';
import manifest from '../../package.json' with { type: 'json' };
import { INCIDENT_COMMANDS, INCIDENT_STATUSES, type IncidentCommandName } from '../types.ts';
import { alertmanagerSchema } from './alertmanager.ts';
import {
  REFUSAL_STATUS,
  type RefusalCode,
  beatSchema,
  commandAnswerSchema,
  incidentListSchema,
  incidentViewSchema,
  refusalSchema,
  takenSchema,
} from './answers.ts';
import { COMMAND_SCHEMAS } from './commands.ts';
import { genericAlertSchema } from './generic-alert.ts';
import { BODY_BYTES_MAX, LIST_DEFAULT, LIST_MAX } from './limits.ts';

/** Everything that a body or an answer can be, by its title. */
const SCHEMAS = [
  alertmanagerSchema,
  genericAlertSchema,
  ...Object.values(COMMAND_SCHEMAS),
  takenSchema,
  beatSchema,
  commandAnswerSchema,
  incidentListSchema,
  incidentViewSchema,
  refusalSchema,
] as const;

const COMMAND_SUMMARIES = {
  acknowledge: 'Say that you look at it',
  unacknowledge: 'Take that back: the ladder begins again',
  snooze: 'Tell nobody for a while',
  reassign: 'Tell somebody else',
  escalate: 'Go on to the next step now',
  note: 'Write something into the timeline',
  resolve: 'Say that it is over',
  merge: 'Make it a part of another incident',
  link_replay: 'Say which replay mends its windows',
} as const satisfies Record<IncidentCommandName, string>;

/** The OpenAPI 3.1 document of the incidents API, generated from the schemas that its requests and answers are made of. */
export function openApiDocument(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'UnMoGrowP incidents',
      version: manifest.version,
      description:
        'Takes alerts and beats, and commands of people. What is answered with 202 has been accepted by Temporal: it cannot be ' +
        'forgotten. Sending a message again is safe.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: {
      ...alertPaths(),
      ...incidentPaths(),
      ...Object.fromEntries(INCIDENT_COMMANDS.map((name) => [`/v1/incidents/{id}/${name}`, { post: command(name) }])),
      '/links/{token}': { get: openLink(), post: followLink() },
      '/healthz': {
        get: probe('getHealth', 'Whether alerts would be taken now', {
          200: 'They would; the body says whether the timeline can be written too.',
          503: 'They would not; the body names what is away.',
        }),
      },
      '/openapi.json': { get: probe('getOpenApi', 'This document', { 200: 'The document.' }) },
    },
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'The INCIDENT_TOKEN of the process.' } },
      schemas: Object.fromEntries(SCHEMAS.map((schema) => [schema.meta()?.['title'], jsonSchema(schema)])),
    },
  };
}

function alertPaths(): Json {
  return {
    '/v1/alerts/alertmanager': {
      post: {
        operationId: 'postAlertmanager',
        summary: 'Where a webhook receiver of Alertmanager sends',
        description:
          `At most ${BODY_BYTES_MAX} bytes. A group (\`groupKey\`) is one incident; an alert is known by fingerprint, status and ` +
          'start, so that a message that comes again changes nothing. Alertmanager repeats what is answered with 503.',
        ...secured(),
        requestBody: jsonBody('AlertmanagerMessage'),
        responses: { 202: answer('Temporal has accepted it.', 'Taken'), ...refusals(400, 401, 413, 503) },
      },
    },
    '/v1/alerts': {
      post: {
        operationId: 'postAlert',
        summary: 'Where any other program says that something is wrong, or has ended',
        ...secured(),
        requestBody: jsonBody('Alert'),
        responses: { 202: answer('Temporal has accepted it.', 'Taken'), ...refusals(400, 401, 413, 503) },
      },
    },
    '/v1/heartbeats/{name}': {
      post: {
        operationId: 'postHeartbeat',
        summary: 'Say that something is alive',
        description: 'A beat that does not come in time opens an incident. What the body holds does not matter.',
        ...secured(),
        parameters: [pathParameter('name', 'A heartbeat of the policy.')],
        responses: { 202: answer('Temporal has accepted it.', 'Beat'), ...refusals(401, 404, 503) },
      },
    },
  };
}

function incidentPaths(): Json {
  const states = [...INCIDENT_STATUSES, 'open'].join(', ');
  return {
    '/v1/incidents': {
      get: {
        operationId: 'listIncidents',
        summary: 'Incidents, the newest first',
        description: 'While PostgreSQL is away: those that Temporal looks after.',
        ...secured(),
        parameters: [
          queryParameter('tenant', 'Only those of one tenant.', { type: 'string' }),
          queryParameter('status', `Only these, with commas between them: ${states}.`, { type: 'string' }),
          queryParameter('limit', 'How many at most.', {
            type: 'integer',
            minimum: 1,
            maximum: LIST_MAX,
            default: LIST_DEFAULT,
          }),
        ],
        responses: { 200: answer('The incidents.', 'Incidents'), ...refusals(400, 401, 503) },
      },
    },
    '/v1/incidents/{id}': {
      get: {
        operationId: 'getIncident',
        summary: 'All that is known of an incident',
        ...secured(),
        parameters: [incidentParameter()],
        responses: { 200: answer('The incident.', 'IncidentView'), ...refusals(401, 404, 503) },
      },
    },
    '/v1/incidents/{id}/report': {
      get: {
        operationId: 'getReport',
        summary: 'The draft of a postmortem',
        ...secured(),
        parameters: [incidentParameter()],
        responses: {
          200: { description: 'The draft.', content: { 'text/markdown': { schema: { type: 'string' } } } },
          ...refusals(401, 404, 503),
        },
      },
    },
  };
}

const command = (name: IncidentCommandName): Json => ({
  operationId: name.replaceAll(/_(\w)/g, (_match, letter: string) => letter.toUpperCase()),
  summary: COMMAND_SUMMARIES[name],
  ...secured(),
  parameters: [
    incidentParameter(),
    {
      name: 'Idempotency-Key',
      in: 'header',
      description: 'Names the command: the same one sent again is done once.',
      schema: { type: 'string' },
    },
  ],
  requestBody: jsonBody(COMMAND_SCHEMAS[name].meta()?.title ?? name),
  responses: { 200: answer('It is done.', 'Done'), ...refusals(400, 401, 404, 409, 503) },
});

const page = (description: string): Json => ({
  description,
  content: { 'text/html': { schema: { type: 'string' } } },
});

const linkParameter = (): Json => pathParameter('token', 'Of the link in a message: signed, and it expires.');

const openLink = (): Json => ({
  operationId: 'openLink',
  summary: 'A page that asks whether the link of a message is meant; it changes nothing',
  parameters: [linkParameter()],
  responses: { 200: page('The page.'), 410: page('The link is forged or has expired.') },
});

const followLink = (): Json => ({
  operationId: 'followLink',
  summary: 'Does what the link of a message says, once',
  parameters: [linkParameter()],
  responses: {
    200: page('It is done.'),
    404: page('Nobody knows the incident.'),
    409: page('The link was used before, or the incident refuses it.'),
    410: page('The link is forged or has expired.'),
    503: page('It cannot be done now, but may be later.'),
  },
});

const secured = (): Json => ({ security: [{ token: [] }] });
const jsonBody = (schema: string): Json => ({
  required: true,
  content: { 'application/json': { schema: ref(schema) } },
});
const pathParameter = (name: string, description: string, schema: Json = { type: 'string' }): Json => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
});
const queryParameter = (name: string, description: string, schema: Json): Json => ({
  name,
  in: 'query',
  description,
  schema,
});
const incidentParameter = (): Json => pathParameter('id', 'The incident.', { type: 'string', format: 'uuid' });

/** The refusals with these statuses, each with its codes. */
function refusals(...statuses: number[]): Json {
  return Object.fromEntries(
    statuses.map((status) => {
      const codes = (Object.keys(REFUSAL_STATUS) as RefusalCode[]).filter((code) => REFUSAL_STATUS[code] === status);
      const refusal = answer(`Nothing was done. Codes: ${codes.join(', ')}.`, 'Refusal');
      return [status, status === 503 ? { ...refusal, headers: RETRY_AFTER } : refusal];
    }),
  );
}
