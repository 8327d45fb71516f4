import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgressPrinter, formatDuration, reporterFor } from './progress.ts';

test('in a log every change is one line that says how long the state before it took', () => {
  const stream = new PassThrough() as PassThrough & NodeJS.WriteStream;
  const report = reporterFor('jaeger', createProgressPrinter(stream).onProgress);

  report('building', 'Jaeger from source');
  report('ready', 'at http://127.0.0.1:16686');

  const lines = String(stream.read()).trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^ +\d+\.\d s {2}jaeger +building +Jaeger from source$/);
  expect(lines[1]).toMatch(/^ +\d+\.\d s {2}jaeger +ready +at http:\/\/127\.0\.0\.1:16686 \(after \d+\.\d s\)$/);
});

test('on a terminal every part has one line that is painted over', () => {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 40 }) as unknown as PassThrough &
    NodeJS.WriteStream;
  const printer = createProgressPrinter(stream);

  printer.onProgress({ part: 'kafka', state: 'starting', detail: 'Kafka' });
  printer.onProgress({ part: 'jaeger', state: 'building', detail: 'a text that is longer than the terminal is wide' });
  stream.read();
  printer.onProgress({ part: 'kafka', state: 'ready', detail: 'at 127.0.0.1:9092', elapsedMs: 1_500 });
  const painted = String(stream.read());
  printer.close();

  const up = painted.slice(0, 4);
  const lines = painted.slice(4).trimEnd().split('\n');
  expect(up).toBe('\u001b[2A');
  expect(lines[0]).toBe('kafka       ready       at 127.0.0.1:90\u001b[K');
  expect(lines[1]).toBe('jaeger      building    a text that is \u001b[K');
});

test.for([
  [900, '0.9 s'],
  [59_900, '59.9 s'],
  [530_000, '8 min 50 s'],
] as const)('%i ms read as %s', ([milliseconds, text]) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
