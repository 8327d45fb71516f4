import { v7 as uuidv7 } from 'uuid';
import type { Env } from '../../env.ts';
import { ERROR_CODES, type ErrorCode, UnmogrowpError } from '../../errors.ts';
import type { CommandAnswer } from '../../incidents/http/answers.ts';
import type { AskedCommand } from '../../incidents/http/commands.ts';
import type { IncidentStatus, Severity, TimelineEntry, Urgency } from '../../incidents/types.ts';

/** An incident as the process answers: times are texts. */
export interface ShownIncident {
  readonly incident_id: string;
  readonly workflow_id: string;
  readonly tenant_id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly urgency: Urgency;
  readonly status: IncidentStatus;
  readonly policy_version: string;
  readonly previous_incident_id: string | null;
  readonly opened_at: string;
  readonly acknowledged_at: string | null;
  readonly resolved_at: string | null;
}

export interface ShownEntry {
  readonly entry_id: string;
  readonly incident_id: string;
  readonly at: string;
  readonly kind: TimelineEntry['kind'];
  readonly actor: string;
  readonly details: TimelineEntry['details'];
}

export interface ShownView {
  readonly incident: ShownIncident;
  readonly live: {
    readonly waits_for: string;
    readonly firing: number;
    readonly resolved: number;
    readonly flaps: number;
    readonly acknowledged_by: string | null;
    readonly silent_until: string | null;
    readonly merged_into_incident_id: string | null;
    readonly replays: readonly { readonly replay_id: string; readonly is_published: boolean }[];
    readonly entries_unrecorded: number;
  } | null;
  readonly timeline: readonly ShownEntry[];
  readonly alerts: readonly {
    readonly fingerprint: string;
    readonly status: 'firing' | 'resolved';
    readonly starts_at: string;
    readonly ends_at: string | null;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly generator_url: string;
  }[];
  readonly unavailable: readonly string[];
}

/** The incidents process, as the command line talks to it. Every call throws the platform's errors. */
export interface IncidentApi {
  list(filter: Readonly<Record<string, string>>): Promise<{
    readonly incidents: readonly ShownIncident[];
    readonly unavailable: readonly string[];
  }>;
  view(incidentId: string): Promise<ShownView>;
  report(incidentId: string): Promise<string>;
  command(incidentId: string, name: AskedCommand['name'], body: Record<string, unknown>): Promise<CommandAnswer>;
}

const ANSWER_MS_MAX = 15_000;

/** How the environment says where the incidents process is. Throws `configuration_invalid` without a token. */
export function createIncidentApi(env: Env): IncidentApi {
  const base = (env.INCIDENT_URL ?? `http://127.0.0.1:${env.INCIDENT_PORT}`).replace(/\/+$/, '');
  const token = env.INCIDENT_TOKEN;
  if (token === undefined) {
    throw new UnmogrowpError(
      'configuration_invalid',
      'INCIDENT_TOKEN is not set, and no stack is known to run here: without it the incidents process answers nobody.',
    );
  }

  async function ask(path: string, request: RequestInit = {}): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, ...(request.headers as Record<string, string> | undefined) };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const response = await fetch(`${base}${path}`, { ...request, headers, signal }).catch((error: unknown) => {
      throw new UnmogrowpError('incidents_unavailable', `The incidents process does not answer at ${base}.`, {
        cause: error,
      });
    });
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  const json = async <Answer>(path: string, request?: RequestInit): Promise<Answer> =>
    (await (await ask(path, request)).json()) as Answer;
  const pathOf = (incidentId: string): string => `/v1/incidents/${encodeURIComponent(incidentId)}`;

  return {
    list: (filter) => json(`/v1/incidents?${new URLSearchParams(filter).toString()}`),
    view: (incidentId) => json(pathOf(incidentId)),
    report: async (incidentId) => (await ask(`${pathOf(incidentId)}/report`)).text(),
    command: (incidentId, name, body) =>
      json(`${pathOf(incidentId)}/${name}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'idempotency-key': uuidv7() },
        body: JSON.stringify({ ...body, via: 'cli' }),
      }),
  };
}

/** What the process refused, under its own code where that is one of the platform's. */
async function refusalOf(response: Response): Promise<UnmogrowpError> {
  const text = await response.text();
  const { code = '', message = text.slice(0, 200) } = parsed(text);
  if (code in ERROR_CODES) return new UnmogrowpError(code as ErrorCode, message);
  if (code.startsWith('token_')) return new UnmogrowpError('configuration_invalid', `INCIDENT_TOKEN: ${message}.`);
  if (code === 'request_invalid') return new UnmogrowpError('incident_refused', message);
  return new UnmogrowpError('incidents_unavailable', `The incidents process answered ${response.status}: ${message}`);
}

function parsed(text: string): { code?: string; message?: string } {
  try {
    return JSON.parse(text) as { code?: string; message?: string };
  } catch {
    return {};
  }
}
