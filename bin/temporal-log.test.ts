import { context, propagation, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { Level } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withFailures } from '../activities/failures.ts';
import { UnmogrowpError } from '../errors.ts';
import { createLogger } from '../otel/logger.ts';
import { logTemporal } from './temporal-log.ts';

beforeAll(() => {
  new NodeTracerProvider().register();
});
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

/** Our log as Temporal's SDK writes into it, and the lines that come out. */
function capture(level: Level = 'info') {
  const lines: string[] = [];
  const logger = createLogger(
    { service: 'worker', level, environment: 'test' },
    { write: (line) => void lines.push(line) },
  );
  return { lines, sdk: new DefaultLogger('INFO', (entry) => logTemporal(logger, entry)) };
}

/** Lets an activity of the worker throw inside the SDK, as it would for a window, and gives the one line about it. */
async function lineAbout(thrown: unknown, level?: Level) {
  const { lines, sdk } = capture(level);
  const info = {
    activityType: 'computeRun',
    attempt: 3,
    workflowType: 'window',
    workflowExecution: { workflowId: 'window/acme/2026-01-05T00:00:00Z/1d', runId: 'r' },
  };
  const environment = new MockActivityEnvironment(info, { logger: sdk });
  const counted: string[] = [];
  const { computeRun } = withFailures(
    { computeRun: (): Promise<void> => Promise.reject(thrown as Error) },
    ({ code }) => counted.push(code),
  );
  const span = trace.getTracer('test').startSpan('run');
  const inTrace = () => trace.getTracer('test').startActiveSpan('activity', () => computeRun());
  await expect(environment.run(inTrace)).rejects.toThrow();
  span.end();
  expect(lines).toHaveLength(1);
  const fields = JSON.parse(lines[0] ?? '{}') as Record<string, unknown>;
  // What stands in the log as failed is counted by the same code.
  expect(counted).toEqual([fields['code']]);
  return { line: lines[0] ?? '', fields };
}

/** What a refused statement looks like: the server quotes it at length, and every layer quotes the server. */
function refused(length = 0): UnmogrowpError {
  const server = new Error(`Memory limit exceeded.${' In scope SELECT …'.repeat(length)}`, {
    cause: new Error('socket hang up'),
  });
  return new UnmogrowpError('clickhouse_overloaded', `ClickHouse refused compute_credits: ${server.message}`, {
    cause: server,
    context: { query: 'compute_credits', clickhouse_code: 241 },
  });
}

describe('a failed activity', () => {
  test('is one short line with all that leads to it', async () => {
    const { line, fields } = await lineAbout(refused());
    expect(fields).toMatchObject({
      level: 'warn',
      msg: 'Activity failed',
      code: 'clickhouse_overloaded',
      retryable: true,
      activity_type: 'computeRun',
      attempt: 3,
      workflow_id: 'window/acme/2026-01-05T00:00:00Z/1d',
      tenant: 'acme',
      window: '2026-01-05T00:00:00Z',
      error: 'ClickHouse refused compute_credits: Memory limit exceeded.',
      causes: ['socket hang up'],
      context: { query: 'compute_credits', clickhouse_code: 241 },
      trace_id: expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/),
    });
    expect(fields).not.toHaveProperty('stack');
    expect(line.length).toBeLessThan(1_024);
  });

  test('stays short however long its messages and however deep its causes are, and says what was left out', async () => {
    let error: Error = refused(1_000);
    for (let depth = 0; depth < 20; depth += 1)
      error = new Error(`layer ${depth}: ${'x'.repeat(5_000)}`, { cause: error });
    const { line, fields } = await lineAbout(new UnmogrowpError('clickhouse_timeout', 'too slow', { cause: error }));
    expect(line.length).toBeLessThan(4_096);
    expect(fields).toMatchObject({ code: 'clickhouse_timeout', error: 'too slow', causes_left_out: 18 });
    expect((fields['causes'] as string[])[0]).toMatch(/^layer 19: x+… and \d+ characters more$/);
  });

  test('that nobody classified is a bug, and shows where it was thrown', async () => {
    const { line, fields } = await lineAbout(new TypeError('x is not a function'));
    expect(fields).toMatchObject({ code: 'bug', retryable: false, error: 'x is not a function' });
    expect(fields['stack']).toMatch(/temporal-log\.test\.ts/);
    expect(line.length).toBeLessThan(4_096);
  });

  test('shows its stack at level debug', async () => {
    const { fields } = await lineAbout(refused(), 'debug');
    expect(fields['stack']).toMatch(/temporal-log\.test\.ts/);
  });
});

describe('what else the SDK says', () => {
  test('keeps its fields', () => {
    const { lines, sdk } = capture();
    sdk.info('Worker state changed', { sdkComponent: 'worker', state: 'RUNNING' });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      msg: 'Worker state changed',
      details: { state: 'RUNNING' },
    });
  });

  test('about an error without a code shows its stack and every fact beside it', () => {
    const { lines, sdk } = capture();
    sdk.error('External sink function threw an error', { sinkName: 'export', error: new Error('boom') });
    sdk.error('Error closing previous connection', { err: new Error('closed') });
    const [sink, connection] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(sink).toMatchObject({ error: 'boom', details: { sinkName: 'export' }, stack: expect.any(String) });
    expect(connection).toMatchObject({ error: 'closed' });
  });
});
