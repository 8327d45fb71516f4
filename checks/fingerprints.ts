import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type WorkflowCode, workflowCodes } from './workflow-code.ts';

const FILE = 'workflows/fingerprints.json';
const HISTORIES = 'workflows/histories';

/** What was thought of when the code of a workflow was last changed. */
interface Fingerprint extends WorkflowCode {
  /** The recorded histories that the code is held to. */
  histories: string[];
  /** Why a change needed neither a new history nor a patch; empty when it had one. */
  because: string;
}

const RULE = `
  What is under way is replayed by the new code and stops where that decides otherwise than before. One of these must be true:
  - it gives the same commands (activities, timers, signals, updates, continue-as-new) in the same order for all that may be
    under way: npm run fingerprint -- --because 'why that is so'
  - it gives others, behind patched('a-name') with the old way kept for the old histories: npm run fingerprint
  - there is a new way through it, and a history of it is recorded: node test/windows/record-histories.ts, npm run fingerprint
  The histories in ${HISTORIES} are replayed by test/windows/replay.test.ts: only that proves it.`;

/** One line for each workflow whose code is not what somebody has last stood up for. */
export function fingerprintProblems(root: string): string[] {
  const problems = changedWorkflows(root).map(({ name, what }) => `${name}: ${what}`);
  return problems.length === 0 ? [] : [...problems, RULE];
}

/**
 * Writes the fingerprints of changed workflows where a new history, a new patch or a reason stands for the change.
 * Gives the names of those that were renewed and of those for which nothing stands.
 */
export function renewFingerprints(root: string, because = ''): { renewed: string[]; refused: string[] } {
  const committed = readCommitted(root);
  const changed = changedWorkflows(root);
  const refused = changed.filter(({ hasEvidence }) => !hasEvidence && because === '').map(({ name }) => name);
  const renewed = changed.filter(({ name }) => !refused.includes(name));
  const gone = Object.keys(committed).filter((name) => renewed.some((one) => one.name === name && one.now === null));
  const next = Object.fromEntries([
    ...Object.entries(committed).filter(([name]) => !gone.includes(name)),
    ...renewed.flatMap(({ name, now, hasEvidence }) =>
      now === null
        ? []
        : [[name, { ...now, because: reasonOf(now, committed[name], hasEvidence ? '' : because) }] as const],
    ),
  ]);
  writeFileSync(join(root, FILE), `${JSON.stringify(next, Object.keys(next).toSorted().concat(FIELDS), 2)}\n`);
  return { renewed: renewed.map(({ name }) => name), refused };
}

/** A reason was given for the code as it is: it stays until that changes, whatever histories come to it. */
const reasonOf = (now: Now, before: Fingerprint | undefined, because: string): string =>
  now.fingerprint === before?.fingerprint && because === '' ? before.because : because;

/** The names in the file, for its order. */
const FIELDS = ['fingerprint', 'patches', 'histories', 'because'];

type Now = Omit<Fingerprint, 'because'>;

/** `now` is null for a workflow that is no more. */
interface Change {
  name: string;
  what: string;
  hasEvidence: boolean;
  now: Now | null;
}

function changedWorkflows(root: string): Change[] {
  const committed = readCommitted(root);
  const present = readPresent(root);
  const names = [...new Set([...Object.keys(committed), ...Object.keys(present)])].toSorted();
  return names.flatMap((name) => {
    const change = changeOf(committed[name], present[name] ?? null);
    return change === undefined ? [] : [{ name, now: present[name] ?? null, ...change }];
  });
}

function changeOf(before: Fingerprint | undefined, now: Now | null): Omit<Change, 'name' | 'now'> | undefined {
  if (now === null) return { what: 'the worker knows it no more, and nobody may be under way', hasEvidence: false };
  if (now.histories.length === 0) return { what: `no history of it lies in ${HISTORIES}`, hasEvidence: false };
  if (before === undefined) return { what: 'it is new', hasEvidence: true };
  const lost = before.histories.filter((file) => !now.histories.includes(file));
  if (lost.length > 0) return { what: `${lost.join(', ')} lies no more in ${HISTORIES}`, hasEvidence: false };
  const isSame = before.fingerprint === now.fingerprint;
  const news = [
    ...now.histories.filter((file) => !before.histories.includes(file)),
    ...now.patches.filter((patch) => !before.patches.includes(patch)),
  ];
  if (isSame && news.length === 0) return undefined;
  const what = isSame ? `${news.join(', ')} is new` : 'its code has changed';
  return { what, hasEvidence: news.length > 0 };
}

function readPresent(root: string): Record<string, Now> {
  const files = readdirSync(join(root, HISTORIES)).toSorted();
  const codes = Object.entries(workflowCodes(root));
  return Object.fromEntries(
    codes.map(([name, code]) => [name, { ...code, histories: files.filter((file) => file.startsWith(`${name}-`)) }]),
  );
}

function readCommitted(root: string): Record<string, Fingerprint> {
  try {
    return JSON.parse(readFileSync(join(root, FILE), 'utf8')) as Record<string, Fingerprint>;
  } catch {
    return {};
  }
}
