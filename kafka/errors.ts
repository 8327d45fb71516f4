import { type ErrorCode, UnmogrowpError } from '../errors.ts';

/** What the client library's errors offer: the name of a broker's answer anywhere inside them. */
interface FindableError {
  findBy?: (property: string, value: string) => unknown;
}

/** Names of broker answers, by what they mean to a caller. Everything else is a broker that cannot serve now. */
const CODES_OF_ANSWERS: readonly (readonly [ErrorCode, readonly string[]])[] = [
  ['kafka_record_too_large', ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']],
  ['kafka_fenced', ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']],
  ['kafka_timeout', ['REQUEST_TIMED_OUT']],
];

/** Whether a broker's answer of this name lies anywhere inside an error of the client library. */
export function hasAnswer(thrown: unknown, apiId: string): boolean {
  return Boolean((thrown as FindableError).findBy?.('apiId', apiId));
}

/** The platform's error behind anything that the client library threw. */
export function classifyKafkaError(thrown: unknown): UnmogrowpError {
  if (thrown instanceof UnmogrowpError) return thrown;
  const isMissing =
    hasAnswer(thrown, 'UNKNOWN_TOPIC_OR_PARTITION') || /^unknown topic/i.test((thrown as Error).message);
  const message = `Kafka: ${reasonOf(thrown)}${isMissing ? ' Its topics are missing: run unmogrowp migrate' : ''}`;
  for (const [code, answers] of CODES_OF_ANSWERS) {
    if (answers.some((answer) => hasAnswer(thrown, answer)))
      return new UnmogrowpError(code, message, { cause: thrown });
  }
  const isTimeout = Boolean((thrown as FindableError).findBy?.('code', 'PLT_KFK_TIMEOUT'));
  return new UnmogrowpError(isTimeout ? 'kafka_timeout' : 'kafka_unavailable', message, { cause: thrown });
}

/** What went wrong, with the reason (the broker's own words, mostly) that the client library keeps far below. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const deepest = deepestOf(thrown);
  return deepest === thrown ? thrown.message : `${thrown.message} (${deepest.message || deepest.name})`;
}

function deepestOf(error: Error): Error {
  const [below = error.cause] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return below instanceof Error ? deepestOf(below) : error;
}
