import type { Readiness } from './app.ts';

export interface ReadinessOptions {
  /** Whether the spool would take an event. */
  hasRoom: () => boolean;
  /** Throws, in a bounded time, when Postgres does not answer. */
  checkPostgres: () => Promise<void>;
  timeoutMs?: number;
}

/**
 * Whether an event would be taken now: its write key must be known to Postgres, and the spool must have room. Kafka is
 * not asked. While it is away the spool takes the events, and a full spool lets no event past it.
 */
export function createReadiness(options: ReadinessOptions): { check: () => Promise<Readiness>; stop: () => void } {
  const { timeoutMs = 1_500 } = options;
  let isStopping = false;
  let checking: Promise<Readiness> | undefined;

  async function judge(): Promise<Readiness> {
    const postgres = await answers(options.checkPostgres, timeoutMs);
    const spool = options.hasRoom();
    return { ready: !isStopping && postgres && spool, stopping: isStopping, postgres, spool };
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
