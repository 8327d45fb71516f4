import { ApplicationFailure } from '@temporalio/common';
import type { LogEntry } from '@temporalio/worker';
import type { LogFields, Logger } from '../otel/logger.ts';

const METHODS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** Enough to know what happened; the whole text lies in the history of the workflow. */
const MESSAGE_LENGTH_MAX = 600;
const CAUSES_MAX = 4;
const STACK_LINES_MAX = 12;

/** What the SDK says with every line and nobody needs who reads one. */
const NOISE = new Set(['namespace', 'taskQueue', 'taskToken', 'sdkComponent', 'isLocal', 'activityId', 'trace_flags']);

/** Writes what Temporal's SDK has to say as one line of our log: a failure as what somebody needs who reads it. */
export function logTemporal(logger: Logger, { level, message, meta }: LogEntry): void {
  const { error, err = error, ...facts } = (meta ?? {}) as Facts;
  logger[METHODS[level]](
    err === undefined
      ? describeWork(facts)
      : { ...describeWork(facts), ...describeFailure(err, logger.isLevelEnabled('debug')) },
    message,
  );
}

type Facts = Record<string, unknown>;

/** In which workflow and activity it was said, with what else the SDK says beside it. */
function describeWork(facts: Facts): LogFields {
  const {
    activityType,
    attempt,
    workflowType,
    workflowId,
    workflowRunId,
    runId,
    durationMs,
    trace_id,
    span_id,
    ...others
  } = facts;
  return withoutEmpty({
    ...windowOf(workflowId),
    activity_type: activityType,
    attempt,
    workflow_type: workflowType,
    workflow_id: workflowId,
    workflow_run_id: workflowRunId ?? runId,
    duration_ms: durationMs,
    trace_id,
    span_id,
    details: Object.fromEntries(Object.entries(others).filter(([name]) => !NOISE.has(name))),
  });
}

/** The workflow of a window is named after it. */
function windowOf(workflowId: unknown): LogFields {
  const [, tenant, window] = /^window\/([^/]+)\/([^/]+)\//.exec(String(workflowId)) ?? [];
  return { tenant, window };
}

/**
 * One failure in a few fields. A stack is of use only where nobody has said what the error is: an error of the closed
 * list shows its code, and its stack at level debug alone.
 */
function describeFailure(error: unknown, isVerbose: boolean): LogFields {
  const chain = chainOf(error);
  const failure = chain.find((link) => link instanceof ApplicationFailure);
  const { trace_id, ...context } = (failure?.details?.[0] ?? {}) as Facts;
  const [message = '', ...causes] = distinctMessages(chain);
  const isExplained = failure?.type !== undefined && failure.type !== 'bug';
  return withoutEmpty({
    code: failure?.type,
    retryable: failure === undefined ? undefined : !failure.nonRetryable,
    trace_id,
    error: shorten(message),
    causes: causes.slice(0, CAUSES_MAX).map(shorten),
    causes_left_out: causes.length > CAUSES_MAX ? causes.length - CAUSES_MAX : undefined,
    context,
    stack: isExplained && !isVerbose ? undefined : stackOf(chain.at(-1)),
  });
}

/** An error and its causes, from what was noticed to what began it. */
function chainOf(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let link: unknown = error; link !== undefined && link !== null && !chain.includes(link);) {
    chain.push(link);
    link = link instanceof Error ? link.cause : undefined;
  }
  return chain;
}

/** Each message once: most causes are quoted by what they caused. */
function distinctMessages(chain: readonly unknown[]): string[] {
  const messages: string[] = [];
  for (const link of chain) {
    const message = link instanceof Error ? link.message || link.name : String(link);
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message);
  }
  return messages;
}

function shorten(message: string): string {
  const rest = message.length - MESSAGE_LENGTH_MAX;
  return rest <= 0 ? message : `${message.slice(0, MESSAGE_LENGTH_MAX)}… and ${rest} characters more`;
}

/** Where the first cause was thrown; its message stands in a field of its own. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const lines = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines
    .slice(0, STACK_LINES_MAX)
    .map((line) => line.trim())
    .join('\n');
}

function withoutEmpty(fields: LogFields): LogFields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => !isEmpty(value)));
}

function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === '';
}
