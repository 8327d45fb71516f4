import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import { INCIDENT_COMMANDS, INCIDENT_STATUSES } from '../types.ts';
import { type AlertGroup, TENANT_ID } from './alert-group.ts';
import { alertmanagerSchema, groupOfAlertmanager } from './alertmanager.ts';
import { REFUSAL_STATUS, RETRY_AFTER_SECONDS, type Refusal, refusalOfError } from './answers.ts';
import { readCommand } from './commands.ts';
import { genericAlertSchema, groupOfGenericAlert } from './generic-alert.ts';
import { BODY_BYTES_MAX, LIST_DEFAULT, LIST_MAX } from './limits.ts';
import { registerLinks } from './link-routes.ts';
import { openApiDocument } from './openapi.ts';
import type { IncidentPorts } from './ports.ts';
import { readBody } from './read-body.ts';
import { createTokenCheck } from './token.ts';

export interface IncidentAppOptions {
  readonly ports: IncidentPorts;
  /** Whoever has it may tell alerts and command incidents. */
  readonly token: string;
  /** Whether alerts would be taken now, and what is away. */
  readonly health: () => Health | Promise<Health>;
  readonly nowMs: () => number;
  /** Told about what went wrong inside, whatever the client was told. */
  readonly onError: (error: UnmogrowpError) => void;
}

export interface Health {
  readonly healthy: boolean;
  readonly [part: string]: boolean | string;
}

/** The HTTP application of incidents. Everything that it touches is given to it. */
export function createIncidentApp(options: IncidentAppOptions): Hono {
  const app = new Hono();
  const checkToken = createTokenCheck(options.token);
  app.use('/v1/*', async (context, next) => {
    const problem = checkToken(context.req.header('authorization'));
    if (problem === undefined) return next();
    const message =
      problem === 'token_missing' ? 'send Authorization: Bearer <INCIDENT_TOKEN>' : 'the token is not the one';
    return refuse(context, { code: problem, message });
  });
  app.use('/v1/*', bodyLimit({ maxSize: BODY_BYTES_MAX, onError: (context) => refuse(context, BODY_TOO_LARGE) }));
  registerAlerts(app, options);
  registerIncidents(app, options);
  registerCommands(app, options);
  registerLinks(app, options);
  app.get('/healthz', async (context) => {
    const health = await options.health();
    return context.json(health, health.healthy ? 200 : 503);
  });
  app.get('/openapi.json', (context) => context.json(openApiDocument()));
  app.onError((thrown, context) => {
    const error = toUnmogrowpError(thrown);
    const refusal = refusalOfError(error);
    if (refusal === undefined || refusal.code === 'unavailable') options.onError(error);
    return refuse(context, refusal ?? BROKEN);
  });
  return app;
}

const BODY_TOO_LARGE: Refusal = { code: 'body_too_large', message: `the body exceeds ${BODY_BYTES_MAX} bytes` };
/** Whatever it was, the same message may be taken the next time: an alert is not to be lost by a bug. */
const BROKEN: Refusal = { code: 'unavailable', message: 'it cannot be taken now; send it again' };

function refuse(context: Context, refusal: Refusal): Response {
  const status = REFUSAL_STATUS[refusal.code];
  if (status === 503) context.header('Retry-After', String(RETRY_AFTER_SECONDS));
  if (status === 401) context.header('WWW-Authenticate', 'Bearer');
  return context.json(refusal, status);
}

type Read = { readonly body: unknown; readonly refusal?: never } | { readonly refusal: Refusal; readonly body?: never };

async function readJson(context: Context): Promise<Read> {
  const text = await context.req.text();
  try {
    return { body: text === '' ? {} : (JSON.parse(text) as unknown) };
  } catch {
    return { refusal: { code: 'malformed_json', message: 'the body is not JSON' } };
  }
}

function registerAlerts(app: Hono, { ports, nowMs }: IncidentAppOptions): void {
  const take = async <Schema extends z.ZodType>(
    context: Context,
    schema: Schema,
    groupOf: (message: z.output<Schema>) => AlertGroup,
  ): Promise<Response> => {
    const { body, refusal } = await readJson(context);
    if (refusal !== undefined) return refuse(context, refusal);
    const { data, problem } = readBody(schema, body);
    if (problem !== undefined) return refuse(context, { code: 'alert_invalid', message: problem });
    const group = groupOf(data);
    const incidentId = await ports.openOrUpdate(group);
    return context.json({ incident_id: incidentId, alerts: group.alerts.length }, 202);
  };
  app.post('/v1/alerts/alertmanager', (context) => take(context, alertmanagerSchema, groupOfAlertmanager));
  app.post('/v1/alerts', (context) =>
    take(context, genericAlertSchema, (message) => groupOfGenericAlert(message, nowMs())),
  );
  // What is in the body does not matter: that it came is the message, so that Alertmanager's own can be one.
  app.post('/v1/heartbeats/:name', async (context) => {
    const name = context.req.param('name');
    const beat = await ports.beat(name);
    if (beat === undefined) {
      return refuse(context, { code: 'heartbeat_unknown', message: 'the policy knows no heartbeat of this name' });
    }
    return context.json({ heartbeat: name, due_at: new Date(beat.dueAtMs).toISOString() }, 202);
  });
}

const listQuery = z.object({
  tenant: z.string().regex(TENANT_ID).optional(),
  /** Several with commas, or `open` for all that have not ended. */
  status: z
    .string()
    .optional()
    .transform((text) => text?.split(','))
    .pipe(z.array(z.enum([...INCIDENT_STATUSES, 'open'])).optional()),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(LIST_DEFAULT),
});

const OPEN = INCIDENT_STATUSES.filter((status) => status !== 'resolved' && status !== 'merged');

function registerIncidents(app: Hono, { ports }: IncidentAppOptions): void {
  app.get('/v1/incidents', async (context) => {
    const { data, problem } = readBody(listQuery, context.req.query());
    if (problem !== undefined) return refuse(context, { code: 'request_invalid', message: problem });
    const { tenant, status, limit } = data;
    const statuses = status?.flatMap((one) => (one === 'open' ? OPEN : [one]));
    return context.json(
      await ports.list({
        limit,
        ...(tenant === undefined ? {} : { tenant }),
        ...(statuses === undefined ? {} : { statuses }),
      }),
    );
  });
  app.get('/v1/incidents/:id', async (context) => context.json(await ports.view(incidentIdOf(context))));
  app.get('/v1/incidents/:id/report', async (context) =>
    context.body(await ports.report(incidentIdOf(context)), 200, { 'content-type': 'text/markdown; charset=utf-8' }),
  );
}

function registerCommands(app: Hono, { ports, nowMs }: IncidentAppOptions): void {
  for (const name of INCIDENT_COMMANDS) {
    app.post(`/v1/incidents/:id/${name}`, async (context) => {
      const { body, refusal } = await readJson(context);
      if (refusal !== undefined) return refuse(context, refusal);
      const { command, problem } = readCommand(name, body, nowMs());
      if (command === undefined) return refuse(context, { code: 'request_invalid', message: problem });
      const commandId = context.req.header('idempotency-key') ?? uuidv7();
      return context.json(await ports.command({ incidentId: incidentIdOf(context) }, command, commandId));
    });
  }
}

/** What is no identity of an incident is the identity of none. */
function incidentIdOf(context: Context): string {
  const id = context.req.param('id') ?? '';
  if (z.guid().safeParse(id).success) return id.toLowerCase();
  throw new UnmogrowpError('incident_unknown', 'An incident is named by its UUID. See: unmogrowp incident list');
}
