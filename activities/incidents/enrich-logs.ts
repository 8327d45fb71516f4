import { oneLine } from '../../incidents/page/text.ts';
import type { PageLogs, PageRequest, PageTrace } from '../../incidents/page/types.ts';
import type { LokiAddress } from '../../otel/loki.ts';
import { countLines, lokiAddress } from './loki.ts';
import { beginOf } from './enrich-traces.ts';

const LINES_MAX = 6;
const MESSAGE_CHARACTERS_MAX = 120;
/** Who writes to Loki; of others there is no line that somebody could look for. */
const SERVICES = ['ingest', 'sink', 'worker', 'incidents'];

/** Makes what counts the complaints in the log: of the traces that were found, or else of the time of the incident. */
export function createFindLogLines({ loki }: { loki: LokiAddress | undefined }) {
  return async function findLogLines(
    request: PageRequest,
    traces: readonly Pick<PageTrace, 'traceId'>[],
    nowMs: number,
    signal: AbortSignal,
  ): Promise<PageLogs> {
    const address = lokiAddress(loki);
    const query = linesOf(request, traces);
    const seconds = Math.max(60, Math.ceil((nowMs - beginOf(request, nowMs)) / 1_000));
    const counted = `topk(${LINES_MAX}, sum by (service, message, error) (count_over_time(${query} | json message="msg", error="code" [${seconds}s])))`;
    const counts = await countLines(address, { query: counted, atMs: nowMs }, signal);
    return {
      query,
      scope: traces.length > 0 ? 'traces' : 'time',
      top: counts.slice(0, LINES_MAX).map(({ labels, lines }) => ({
        lines,
        service: oneLine(labels['service'] ?? '', 64),
        message: oneLine(labels['message'] ?? '', MESSAGE_CHARACTERS_MAX),
        code: oneLine(labels['error'] ?? '', 64),
      })),
    };
  };
}

/** LogQL that shows the lines. Values are identities of traces and our own names: nothing that could end a string. */
export function linesOf(
  { alerts }: Pick<PageRequest, 'alerts'>,
  traces: readonly Pick<PageTrace, 'traceId'>[],
): string {
  if (traces.length > 0) {
    return `{level=~"warn|error|fatal"} | trace_id=~"${traces.map(({ traceId }) => traceId).join('|')}"`;
  }
  const named = alerts.map(({ labels }) => labels['service'] ?? labels['job'] ?? '');
  const services = SERVICES.filter((service) => named.includes(service));
  const isEach = named.length > 0 && named.every((service) => SERVICES.includes(service));
  return isEach ? `{level=~"error|fatal", service=~"${services.join('|')}"}` : '{level=~"error|fatal"}';
}
