import type { Readiness } from './app.ts';

export interface ReadinessOptions {
  /** Whether the spool would take an event. */
  hasRoom: () => boolean;
  /** Throw, in a bounded time, when the part does not answer. */
  checkKafka: () => Promise<void>;
  checkPostgres: () => Promise<void>;
  timeoutMs?: number;
}

/**
 * Whether an event would be taken now. An event needs Postgres, which knows its write key, and either Kafka or room on
 * the spool; Kafka is only asked when the spool has none.
 */
export function createReadiness(options: ReadinessOptions): { check: () => Promise<Readiness>; stop: () => void } {
  const { timeoutMs = 1_500 } = options;
  let isStopping = false;
  let checking: Promise<Readiness> | undefined;

  async function judge(): Promise<Readiness> {
    const spool = options.hasRoom();
    const [postgres, kafka] = await Promise.all([
      answers(options.checkPostgres, timeoutMs),
      spool || answers(options.checkKafka, timeoutMs),
    ]);
    return { ready: !isStopping && postgres && kafka, stopping: isStopping, postgres, storage: kafka };
  }

  return {
    // Probes that come together share one question.
    check: () => (checking ??= judge().finally(() => (checking = undefined))),
    stop: () => {
      isStopping = true;
    },
  };
}

async function answers(check: () => Promise<void>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const answered = check().then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([answered, late]);
  } finally {
    clearTimeout(timer);
  }
}
