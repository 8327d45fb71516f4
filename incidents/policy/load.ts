import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { UnmogrowpError } from '../../errors.ts';
import { checkPolicy } from './check.ts';
import type { Environment } from './contacts.ts';
import { parsePolicy } from './parse.ts';
import { type PolicyProblem, hasErrors, problemText } from './problems.ts';
import type { PolicyDocument } from './schema.ts';
import { policyVersion } from './version.ts';

/** What is used when no file is named. */
export const DEFAULT_POLICY_FILE = fileURLToPath(new URL('../default-policy.yaml', import.meta.url));

/** The policy that counts now. */
export interface LoadedPolicy {
  readonly document: PolicyDocument;
  readonly version: string;
  readonly file: string;
  readonly readAtMs: number;
  /** Of the file as it is now. With an error among them the document is that of the last good file. */
  readonly problems: readonly PolicyProblem[];
  /** Whether the file was changed to something that cannot be used. */
  readonly isOutdated: boolean;
}

export interface PolicySource {
  /** The present policy; reads the file again when it has changed, and never throws. */
  readonly current: () => LoadedPolicy;
}

interface SourceOptions {
  /** Without one the default policy. */
  readonly file?: string | undefined;
  readonly environment: Environment;
  readonly nowMs: () => number;
  /** Called once for each change of the file, whether it can be used or not. */
  readonly onChange?: (loaded: LoadedPolicy) => void;
}

/**
 * Opens the policy file and follows it. A file that is bad at the start is refused with `incident_policy_invalid`; one
 * that turns bad later is not used: the last good one counts until somebody mends it.
 */
export function openPolicy({ file = DEFAULT_POLICY_FILE, environment, nowMs, onChange }: SourceOptions): PolicySource {
  const read = () => readPolicy(file, { environment, nowMs: nowMs() });
  let seen = markOf(file);
  const { document, problems } = read();
  if (document === undefined) throw invalidPolicy(file, problems);
  let loaded: LoadedPolicy = loadedFrom(file, document, problems, nowMs());
  return {
    current: () => {
      const mark = markOf(file);
      if (mark === seen) return loaded;
      seen = mark;
      const next = read();
      loaded =
        next.document === undefined
          ? { ...loaded, problems: next.problems, isOutdated: true }
          : loadedFrom(file, next.document, next.problems, nowMs());
      onChange?.(loaded);
      return loaded;
    },
  };
}

/** What stands in a policy file; the document only when it can be used. */
export function readPolicy(
  file: string,
  facts: { environment: Environment; nowMs: number },
): { document: PolicyDocument | undefined; problems: PolicyProblem[] } {
  const text = textOf(file);
  if (text === undefined) {
    return { document: undefined, problems: [{ path: '', line: 1, severity: 'error', message: 'cannot be read' }] };
  }
  const parsed = parsePolicy(text);
  const problems = checkPolicy(parsed, facts);
  return { document: hasErrors(problems) ? undefined : parsed.document, problems };
}

const loadedFrom = (
  file: string,
  document: PolicyDocument,
  problems: readonly PolicyProblem[],
  readAtMs: number,
): LoadedPolicy => ({ document, version: policyVersion(document), file, readAtMs, problems, isOutdated: false });

function invalidPolicy(file: string, problems: readonly PolicyProblem[]): UnmogrowpError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const lines = errors.map((problem) => problemText(file, problem));
  return new UnmogrowpError('incident_policy_invalid', ['The incident policy cannot be used.', ...lines].join('\n'), {
    context: { errors: errors.length },
  });
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Differs when the file does: also when another one took its place, as editors and mounted volumes do it. */
function markOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 'missing' : [found.ino, found.size, found.mtimeMs, found.ctimeMs].join('/');
}
