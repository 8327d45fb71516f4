import { v7 as uuidv7 } from 'uuid';
import type { Env } from '../../env.ts';
import { ERROR_CODES, type ErrorCode, UnmogrowpError } from '../../errors.ts';
import type { CommandAnswer, IncidentList, IncidentView } from '../../incidents/http/answers.ts';
import type { AskedCommand } from '../../incidents/http/commands.ts';

/** The incidents process, as the command line talks to it. Every call throws the platform's errors. */
export interface IncidentApi {
  list(filter: Readonly<Record<string, string>>): Promise<IncidentList>;
  view(incidentId: string): Promise<IncidentView>;
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
