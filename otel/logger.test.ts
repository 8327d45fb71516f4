import { TraceFlags, context, propagation, trace } from '@opentelemetry/api';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UnmogrowpError } from '../errors.ts';
import { createLogger } from './logger.ts';

beforeAll(() => {
  new NodeTracerProvider().register();
});
afterAll(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

/** A logger and the lines that it wrote. */
function capture() {
  const lines: string[] = [];
  const logger = createLogger(
    { service: 'ingest', level: 'info', environment: 'test' },
    { write: (line) => void lines.push(line) },
  );
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('the log', () => {
  it('says in which trace and span a line was written, and nothing of it outside of one', () => {
    const { logger, last } = capture();
    const span = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.NONE,
    };
    context.with(trace.setSpanContext(context.active(), span), () => logger.info({ accepted: 3 }, 'stored'));
    expect(last()).toMatchObject({ level: 'info', service: 'ingest', environment: 'test', msg: 'stored', accepted: 3 });
    expect(last()).toMatchObject({ trace_id: span.traceId, span_id: span.spanId });
    logger.info({}, 'alone');
    expect(last()).not.toHaveProperty('trace_id');
  });

  it('never shows who somebody is, however deep and in whatever spelling it was passed', () => {
    const { logger, lines, last } = capture();
    const secret = 'secret-value';
    for (const name of [
      'user_id',
      'userId',
      'USER-ID',
      'idfa',
      'gaid',
      'idfv',
      'android_id',
      'device_id',
      'anonymous_id',
    ]) {
      logger.warn({ [name]: secret, details: [{ event: { [name]: secret } }] }, 'x');
    }
    for (const name of ['user_key', 'email', 'ip', 'properties', 'authorization', 'write_key', 'password']) {
      logger.warn({ context: { [name]: { inside: secret } }, event_id: 'kept' }, 'x');
    }
    expect(last()).toMatchObject({ event_id: 'kept', context: { password: '[redacted]' } });
    class Person {
      user_id = secret;
    }
    const written = { toJSON: () => ({ person: new Person() }) };
    logger.warn({ context: new Person(), details: { written, at: new Date(0) } }, 'x');
    expect(last()).toMatchObject({
      details: { at: '1970-01-01T00:00:00.000Z' },
      context: { user_id: '[redacted]' },
    });
    expect(lines).toHaveLength(17);
    expect(lines.join('')).not.toContain(secret);
  });

  it('shows no write key, bearer token or password inside a text', () => {
    const { logger, lines } = capture();
    logger.error({ error: 'refused Bearer abc.def-123' }, 'key umg_aBcDeFgHiJkLmNoPqRsTuVwX_-0 was sent');
    logger.error({ context: { url: 'postgres://someone:hidden@db:5432/x' } }, 'cannot connect');
    const text = lines.join('');
    for (const secret of ['aBcDeFgHiJ', 'abc.def', 'hidden']) expect(text).not.toContain(secret);
    expect(text).toContain('db:5432');
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('takes no field that was not declared', () => {
    const { logger, last } = capture();
    // @ts-expect-error a field that was not declared
    logger.info({ rows: 3 }, 'stored');
    expect(last()).toMatchObject({ msg: 'stored' });
  });

  it('shows an error with its code and causes, without what else hangs on it', () => {
    const { logger, lines, last } = capture();
    const cause = Object.assign(new Error('inner'), { request: { body: 'secret-body' } });
    const error = new UnmogrowpError('kafka_timeout', 'too slow', { cause, context: { partition: 3 } });
    logger.error({ error }, 'failed');
    expect(last()).toMatchObject({
      error: { code: 'kafka_timeout', context: { partition: 3 }, cause: { message: 'inner' } },
    });
    expect(lines.join('')).not.toContain('secret-body');
  });
});
