import { z } from 'zod';
import { type ErrorCode, UnmogrowpError } from '../../errors.ts';

/** A part that answers with JSON over HTTP: how it is called, and what it means when it does not answer. */
export interface Asked {
  readonly name: string;
  readonly code: Extract<ErrorCode, 'prometheus_unavailable' | 'loki_unavailable'>;
}

export interface Question<Schema extends z.ZodType> {
  readonly url: URL;
  /** Sent as a form; without one it is a GET. */
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the answer's `data`. */
  readonly schema: Schema;
  readonly signal: AbortSignal;
}

const answerSchema = z.object({ status: z.literal('success'), data: z.unknown() });
const REASON_CHARACTERS_MAX = 200;

/**
 * Asks a part of the family of Prometheus, whose answers are `{ status, data }`. Throws the part's code when it does not
 * answer, answers something else, or refuses the question (its status is in the context then).
 */
export async function askJson<Schema extends z.ZodType>(
  asked: Asked,
  question: Question<Schema>,
): Promise<z.output<Schema>> {
  const { url, form, headers = {}, schema, signal } = question;
  const { status, text } = await answerOf(asked, url, {
    headers: { accept: 'application/json', ...headers },
    signal,
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  const answer = answerSchema.safeParse(jsonOf(text));
  const parsed = schema.safeParse(answer.data?.data);
  if (status === 200 && parsed.success) return parsed.data;
  const problem = parsed.success ? '' : status === 200 ? z.prettifyError(parsed.error) : text;
  throw new UnmogrowpError(asked.code, `${asked.name} answered ${status}: ${problem.slice(0, REASON_CHARACTERS_MAX)}`, {
    context: { status },
  });
}

async function answerOf(asked: Asked, url: URL, options: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const response = await fetch(url, options);
    return { status: response.status, text: await response.text() };
  } catch (thrown) {
    const { message } = ((thrown as Error).cause ?? thrown) as Error;
    throw new UnmogrowpError(asked.code, `${asked.name} does not answer: ${message}`, { cause: thrown });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
