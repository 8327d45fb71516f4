import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { alertNames, lokiGroups } from '../alerts/all.ts';
import { readRunbook } from '../incidents/page/runbook-page.ts';
import { ALERT_CASES } from '../test/alerts/cases/all.ts';
import { PROOFS } from '../test/proofs/alerts/list.ts';

/** One line for each alert, page, test or proof without the others of its name, and for each page that is not whole. */
export function runbookProblems(root: string): string[] {
  const folder = join(root, 'runbooks');
  const pages = readdirSync(folder)
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .map((file) => file.replace(/\.md$/, ''));
  const alerts = alertNames();
  // Nothing tests rules on logs but Loki itself, which is part of their proof.
  const ofLogs = lokiGroups({ timeScale: 1 }).flatMap(({ alerts: rules = [] }) => rules.map(({ name }) => name));
  return [
    ...unmatched('runbooks/', alerts, pages),
    ...unmatched(
      'test/alerts/cases/',
      alerts.filter((name) => !ofLogs.includes(name)),
      ALERT_CASES.map(({ name }) => name),
    ),
    ...unmatched(
      'test/proofs/alerts/',
      alerts,
      PROOFS.map(({ name }) => name),
    ),
    ...pages.flatMap((name) => pageProblems(folder, name)),
  ];
}

function unmatched(where: string, alerts: readonly string[], found: readonly string[]): string[] {
  return [
    ...alerts.filter((name) => !found.includes(name)).map((name) => `${where} has nothing for the alert ${name}`),
    ...found.filter((name) => !alerts.includes(name)).map((name) => `${where} has ${name}, which is no alert`),
  ];
}

function pageProblems(folder: string, name: string): string[] {
  const { title, problems } = readRunbook(readFileSync(join(folder, `${name}.md`), 'utf8'));
  const all = title === name ? problems : [`its title is ${title}`, ...problems];
  return all.map((problem) => `runbooks/${name}.md: ${problem}`);
}
