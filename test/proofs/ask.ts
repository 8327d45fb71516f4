/** Questions to the real Prometheus, Loki, Alertmanager and Jaeger by their own interfaces. */
const ANSWER_MS_MAX = 30_000;

export type Labels = Readonly<Record<string, string>>;

/** One series of an instant query. */
export interface Sample {
  readonly metric: Labels;
  readonly value: number;
}

/** One series of a query over time. */
export interface Series {
  readonly metric: Labels;
  readonly values: readonly (readonly [number, number])[];
}

/** An alert as Prometheus or Loki's ruler sees it. */
export interface ActiveAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly state: 'pending' | 'firing';
  readonly activeAt: string;
}

export interface Target {
  readonly labels: Labels;
  readonly health: string;
  readonly lastError: string;
  readonly scrapeUrl: string;
}

export interface Exemplar {
  readonly labels: Labels;
  readonly value: string;
  readonly timestamp: number;
}

/** A range of time in milliseconds; `to` is now by default. */
export interface TimeRange {
  readonly fromMs: number;
  readonly toMs?: number;
}

/** Asks one Prometheus. */
export function askPrometheus(url: string) {
  const get = <Data>(path: string, parameters: Record<string, string> = {}): Promise<Data> =>
    dataOf<Data>(`${url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  return {
    url,
    async query(query: string): Promise<Sample[]> {
      const { resultType, result } = await get<Result>('query', { query });
      if (resultType === 'scalar') return [{ metric: {}, value: Number(result[1]) }];
      return (result as RawSample[]).map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async queryRange(query: string, range: TimeRange & { stepSeconds: number }): Promise<Series[]> {
      const { result } = await get<{ result: RawSeries[] }>('query_range', {
        query,
        ...inSeconds(range),
        step: String(range.stepSeconds),
      });
      return result.map(seriesOf);
    },
    alerts: async (): Promise<ActiveAlert[]> => (await get<{ alerts: ActiveAlert[] }>('alerts')).alerts,
    targets: async (): Promise<Target[]> =>
      (await get<{ activeTargets: Target[] }>('targets', { state: 'active' })).activeTargets,
    exemplars: (query: string, range: TimeRange) =>
      get<{ seriesLabels: Labels; exemplars: Exemplar[] }[]>('query_exemplars', {
        query,
        start: inSeconds(range).start,
        end: inSeconds(range).end,
      }),
  };
}

export type Prometheus = ReturnType<typeof askPrometheus>;

/** A line as it is pushed to Loki, and as it is found there. */
export interface LogLine {
  /** Its labels. */
  readonly stream: Labels;
  readonly atMs: number;
  readonly line: string;
  /** Structured metadata. */
  readonly metadata?: Labels;
}

/** Asks one Loki. */
export function askLoki(url: string) {
  const get = <Data>(path: string, parameters: Record<string, string>): Promise<Data> =>
    dataOf<Data>(`${url}/loki/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  return {
    url,
    async push(lines: readonly LogLine[]): Promise<void> {
      const streams = lines.map(({ stream, atMs, line, metadata = {} }) => ({
        stream,
        values: [[inNanoseconds(atMs), line, metadata]],
      }));
      const response = await fetch(`${url}/loki/api/v1/push`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify({ streams }),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      if (!response.ok) throw new Error(`Loki refused lines: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    /** Lines, the newest first; the labels of each are those of its stream and its structured metadata. */
    async lines(query: string, range: TimeRange & { limit?: number }): Promise<LogLine[]> {
      const { result } = await get<{ result: { stream: Labels; values: [string, string][] }[] }>('query_range', {
        query,
        limit: String(range.limit ?? 1_000),
        ...nanosecondsOf(range),
      });
      return result.flatMap(({ stream, values }) =>
        values.map(([at, line]) => ({ stream, atMs: Number(BigInt(at) / 1_000_000n), line })),
      );
    },
    /** An expression with numbers, over time. */
    async queryRange(query: string, range: TimeRange & { stepSeconds: number }): Promise<Series[]> {
      const { result } = await get<{ result: RawSeries[] }>('query_range', {
        query,
        ...nanosecondsOf(range),
        step: String(range.stepSeconds),
      });
      return result.map(seriesOf);
    },
    labels: (range: TimeRange): Promise<string[]> => get<string[]>('labels', nanosecondsOf(range)),
    alerts: async (): Promise<ActiveAlert[]> =>
      (await dataOf<{ alerts: ActiveAlert[] }>(`${url}/prometheus/api/v1/alerts`)).alerts,
  };
}

export type Loki = ReturnType<typeof askLoki>;

/** An alert as Alertmanager holds it. */
export interface HeldAlert {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly status: {
    readonly state: string;
    readonly inhibitedBy: readonly string[];
    readonly silencedBy: readonly string[];
  };
  readonly receivers: readonly { readonly name: string }[];
}

/** Asks one Alertmanager, and posts to it. */
export function askAlertmanager(url: string) {
  return {
    url,
    alerts: (): Promise<HeldAlert[]> => jsonOf<HeldAlert[]>(`${url}/api/v2/alerts`),
    /** Posts alerts as Prometheus does; one with an `endsAt` in the past is resolved. */
    async post(alerts: readonly { labels: Labels; annotations?: Labels; startsAt?: string; endsAt?: string }[]) {
      const response = await fetch(`${url}/api/v2/alerts`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(alerts),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      if (!response.ok) throw new Error(`Alertmanager refused alerts: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
  };
}

export type Alertmanager = ReturnType<typeof askAlertmanager>;

interface RawSample {
  readonly metric: Labels;
  readonly value: readonly [number, string];
}
interface RawSeries {
  readonly metric: Labels;
  readonly values: readonly (readonly [number, string])[];
}
interface Result {
  readonly resultType: string;
  readonly result: readonly unknown[];
}

const seriesOf = ({ metric, values }: RawSeries): Series => ({
  metric,
  values: values.map(([at, value]) => [at, Number(value)] as const),
});

const inSeconds = ({ fromMs, toMs = Date.now() }: TimeRange) => ({
  start: String(fromMs / 1_000),
  end: String(toMs / 1_000),
});
const inNanoseconds = (milliseconds: number): string => String(BigInt(Math.round(milliseconds)) * 1_000_000n);
const nanosecondsOf = ({ fromMs, toMs = Date.now() }: TimeRange) => ({
  start: inNanoseconds(fromMs),
  end: inNanoseconds(toMs),
});

async function jsonOf<Body>(url: string): Promise<Body> {
  const response = await fetch(url, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`${response.status} ${body.slice(0, 500)} for ${decodeURIComponent(url)}`);
  return JSON.parse(body) as Body;
}

const dataOf = async <Data>(url: string): Promise<Data> => (await jsonOf<{ data: Data }>(url)).data;
