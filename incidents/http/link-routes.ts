import type { Context, Hono } from 'hono';
import { v7 as uuidv7 } from 'uuid';
import { type UnmogrowpError, toUnmogrowpError } from '../../errors.ts';
import { withinTime } from '../within-time.ts';
import { REFUSAL_STATUS, RETRY_AFTER_SECONDS, refusalOfError } from './answers.ts';
import { PAGE_HEADERS, confirmPage, donePage, refusedPage } from './pages.ts';
import type { IncidentPorts } from './ports.ts';

interface LinkOptions {
  readonly ports: Pick<IncidentPorts, 'readLink' | 'command' | 'view'>;
  readonly onError: (error: UnmogrowpError) => void;
}

/** How long the page waits for the title of its incident before it does without. */
const TITLE_WAIT_MS = 1_500;

/**
 * The links of messages. Opening one changes nothing: what scans mails opens every link in them. Only the button does, and its
 * command is the same whichever way it comes.
 */
export function registerLinks(app: Hono, { ports, onError }: LinkOptions): void {
  const guarded =
    (handle: (context: Context, token: string) => Promise<Response>) =>
    async (context: Context): Promise<Response> => {
      try {
        return await handle(context, context.req.param('token') ?? '');
      } catch (thrown) {
        return refusedAs(context, toUnmogrowpError(thrown), onError);
      }
    };
  app.get(
    '/links/:token',
    guarded(async (context, token) => {
      const link = ports.readLink(token);
      const title = await titleOf(ports, link.incidentId);
      return context.body(confirmPage({ ...link, title }), 200, PAGE_HEADERS);
    }),
  );
  app.post(
    '/links/:token',
    guarded(async (context, token) => {
      const { incidentId, workflowId, command } = ports.readLink(token);
      // Each press is a command of its own, so that the incident sees a second one and refuses it.
      const { status } = await ports.command({ incidentId, workflowId }, command, uuidv7());
      return context.body(donePage({ command, incidentId, status }), 200, PAGE_HEADERS);
    }),
  );
}

/** What is wrong; undefined when nothing that knows it answers in time. */
function titleOf(ports: LinkOptions['ports'], incidentId: string): Promise<string | undefined> {
  const title = ports.view(incidentId).then(
    ({ incident }) => incident.title,
    () => undefined,
  );
  return withinTime(TITLE_WAIT_MS, title);
}

function refusedAs(context: Context, error: UnmogrowpError, onError: LinkOptions['onError']): Response {
  const refusal = refusalOfError(error) ?? { code: 'unavailable', message: 'It cannot be done now.' };
  const status = REFUSAL_STATUS[refusal.code];
  const headers = status === 503 ? { ...PAGE_HEADERS, 'retry-after': String(RETRY_AFTER_SECONDS) } : PAGE_HEADERS;
  if (status === 503) onError(error);
  return context.body(refusedPage(refusal.message, status === 503), status, headers);
}
