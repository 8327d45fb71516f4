import { readFile } from 'node:fs/promises';
import { readRunbook } from '../../incidents/page/runbook-page.ts';
import { lines, oneLine } from '../../incidents/page/text.ts';
import type { PageRequest, PageRunbook } from '../../incidents/page/types.ts';

const STEPS_MAX = 2;
const STEP_CHARACTERS_MAX = 600;
const EXPECTED_CHARACTERS_MAX = 200;
/** Names of alerts are names of files, and never lead out of the folder. */
const ALERT_NAME = /^[A-Za-z][A-Za-z0-9]{0,99}$/;
const RUNBOOKS = new URL('../../runbooks/', import.meta.url);

/** The first commands of the page of the alert; undefined when no page has its name. */
export async function readFirstSteps({ alerts }: Pick<PageRequest, 'alerts'>): Promise<PageRunbook | undefined> {
  for (const name of new Set(alerts.map(({ labels }) => labels['alertname'] ?? ''))) {
    const text = await readPage(name);
    if (text === undefined) continue;
    const steps = readRunbook(text).blocks.filter(({ section }) => section === 'Diagnosis');
    return {
      variables: {},
      steps: steps.slice(0, STEPS_MAX).map(({ language, text: command, expected }) => ({
        language,
        text: lines(command, STEP_CHARACTERS_MAX),
        expected: oneLine(expected, EXPECTED_CHARACTERS_MAX),
      })),
      leftOut: Math.max(0, steps.length - STEPS_MAX),
    };
  }
  return undefined;
}

async function readPage(name: string): Promise<string | undefined> {
  if (!ALERT_NAME.test(name)) return undefined;
  try {
    return await readFile(new URL(`${name}.md`, RUNBOOKS), 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
}

/** The variables that the steps name, as far as the incident says what they are. */
export function withVariables(
  runbook: PageRunbook,
  known: Readonly<Record<'TENANT' | 'WINDOW', string | undefined>>,
): PageRunbook {
  const text = runbook.steps.map((step) => step.text).join('\n');
  const variables = Object.entries(known).flatMap(([name, value]) =>
    value !== undefined && new RegExp(String.raw`\$\{?${name}\b`).test(text) ? [[name, value]] : [],
  );
  return { ...runbook, variables: Object.fromEntries(variables) as Record<string, string> };
}
