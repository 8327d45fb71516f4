/** The real parts that the platform needs, in the order in which they are shown. */
export const PART_NAMES = ['clickhouse', 'postgres', 'kafka', 'temporal', 'jaeger'] as const;
export type PartName = (typeof PART_NAMES)[number];

/** The parts that watch the others: started when they are asked for, shown after them. */
export const OBSERVER_NAMES = ['prometheus', 'alertmanager', 'loki', 'grafana'] as const;
export type ObserverName = (typeof OBSERVER_NAMES)[number];

/** Every part that the stack can start. */
export type StackPartName = PartName | ObserverName;

/** Our own processes that events go through, in this order. */
export const PIPELINE_PROCESSES = ['ingest', 'sink', 'worker'] as const;
export type PipelineProcess = (typeof PIPELINE_PROCESSES)[number];

/** All of our own processes, in the order in which they are started. */
export const PROCESS_NAMES = [...PIPELINE_PROCESSES, 'incidents'] as const;
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** What Prometheus scrapes, as it reads it from a file. */
export interface ScrapeTarget {
  readonly targets: readonly string[];
  readonly labels: { readonly job: string };
}

/** The environment as Node gives it; the stack never reads `process.env` by itself. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** Where a part came from: an address that was set, a program on the PATH, an npm package, the cache, or a build just now. */
export type Source = 'environment' | 'path' | 'npm' | 'cache' | 'build';

/** The port of each listener of a part, by the listener's name. */
export type Ports = Readonly<Record<string, number>>;

/** A change worth telling: what it is about, what happens to it, for how long. */
export interface ProgressEvent {
  readonly part: string;
  readonly state:
    'waiting' | 'downloading' | 'building' | 'preparing' | 'starting' | 'ready' | 'stopping' | 'stopped' | 'failed';
  readonly detail: string;
  /** Time since this part's previous change, absent for the first one. */
  readonly elapsedMs?: number;
}
export type OnProgress = (event: ProgressEvent) => void;

/** A part that runs, or that somebody else runs at the address in the environment. */
export interface RunningPart {
  readonly name: StackPartName;
  readonly title: string;
  readonly version: string;
  readonly source: Source;
  /** The address that people and clients use. */
  readonly address: string;
  readonly ports: Ports;
  /** Absent when the part is not ours. */
  readonly pid?: number;
  readonly logFile?: string;
  readonly startedInMs: number;
}

/** One of our own processes as a child of the stack. */
export interface RunningProcess {
  readonly name: ProcessName;
  readonly version: string;
  readonly address: string;
  readonly metricsUrl: string;
  readonly pid: number;
  readonly logFile: string;
  readonly startedInMs: number;
}

/** What differs from one use of the parts to another: memory, and what stands in front of them. */
export interface StackTuning {
  /** `max_server_memory_usage` of ClickHouse. Default 4 GB. */
  readonly clickhouseMemoryBytesMax?: number;
  /** Heap of the Kafka broker. Default 256 MB. */
  readonly kafkaHeapMegabytesMax?: number;
  /** Lets the JVM compile fully: slower to warm up, faster for benches. Default false. */
  readonly kafkaCompileFully?: boolean;
  /** The port that the broker names to its clients, when something stands in front of it. Default: its own. */
  readonly kafkaAdvertisedPort?: number;
  /** Whether the incidents process will run here: then Alertmanager tells it. Its address is written down when it is known. */
  readonly incidents?: boolean;
  /** How often Prometheus scrapes, and both rulers look at their rules. Default 5 s. */
  readonly scrapeIntervalMs?: number;
  /** The folder of `prometheus.yaml`, `loki.yaml` and `alertmanager.yaml`. Default: `alerts/generated` of the checkout. */
  readonly alertsDirectory?: string;
}

export interface StackOptions {
  /** Data, logs and state of this stack. One live stack per directory. Default: `.unmogrowp` of the checkout. */
  readonly directory?: string;
  /** The environment that decides which parts are replaced by an address and where programs and the cache are. */
  readonly environment: Variables;
  /** Default: all. */
  readonly parts?: readonly PartName[];
  /** Default: none. */
  readonly observers?: readonly ObserverName[];
  /** What Prometheus scrapes besides what this stack runs. Default: nothing. */
  readonly targets?: readonly ScrapeTarget[];
  /** Any free ports instead of the well-known ones (for tests). Either way a directory keeps its ports. Default false. */
  readonly freePorts?: boolean;
  readonly tuning?: StackTuning;
  readonly onProgress?: OnProgress;
  /** Ends a start that is under way: builds are ended, what runs is stopped, and `interrupted` is thrown. */
  readonly signal?: AbortSignal;
  /** Told when a part or process ends that nobody has stopped. */
  readonly onUnexpectedExit?: (child: {
    name: string;
    code: number | null;
    signal: string | null;
    logFile: string;
  }) => void;
}
