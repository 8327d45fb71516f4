/** Nobody but the worker reads the page of the SDK. */
export const LOOPBACK = '127.0.0.1';

const ANSWER_MS_MAX = 1_500;

/** The metrics that Temporal's SDK keeps in this process, as a part of a page of OpenMetrics. */
export async function readTemporalPage(port: number): Promise<string> {
  const response = await fetch(`http://${LOOPBACK}:${port}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  return toOpenMetrics(await response.text());
}

const TYPE_LINE = /^# TYPE (\S+) counter$/;
const NAME = /^[^{ ]+/;

/** Ends the samples of counters with `_total`: the SDK has an option for it, which its page ignores. */
export function toOpenMetrics(page: string): string {
  let counter = '';
  const lines = page.split('\n').flatMap((line) => {
    if (line === '' || line === '# EOF') return [];
    if (line.startsWith('#')) {
      counter = TYPE_LINE.exec(line)?.[1] ?? '';
      return [line];
    }
    const isPlain = NAME.exec(line)?.[0] === counter;
    return [isPlain ? line.replace(NAME, `${counter}_total`) : line];
  });
  return lines.map((line) => `${line}\n`).join('');
}
