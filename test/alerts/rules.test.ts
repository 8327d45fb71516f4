import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { alertRules, prometheusGroups } from '../../alerts/all.ts';
import type { AlertRule, RuleGroup } from '../../alerts/alert.ts';
import { annotationsOf, prometheusRules, ruleFile } from '../../alerts/rule-file.ts';
import { obtainTool } from '../../stack/tools.ts';
import { BUILD_MS_MAX, buildObservers } from '../support/observers.ts';
import type { AlertCase, Series, Told } from './cases/case.ts';
import { ALERT_CASES } from './cases/all.ts';

const run = promisify(execFile);
/** When a quiet alert is looked at, beside the moment at which the other one fires. */
const QUIET_AT = ['0m', '7m', '15m', '31m', '62m', '95m', '150m'];

beforeAll(buildObservers, BUILD_MS_MAX);

let directory = '';
let promtool = '';

beforeAll(async () => {
  promtool = await obtainTool('promtool', process.env);
  directory = mkdtempSync(join(tmpdir(), 'unmogrowp-test-rules-'));
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('the rules of Prometheus', () => {
  it('are what Prometheus takes, in earnest and with time that passes faster', async () => {
    const files = [1, 60].map((timeScale) => {
      const file = join(directory, `${timeScale}-times.yaml`);
      writeFileSync(file, prometheusRules({ timeScale }));
      return file;
    });
    const { stdout } = await run(promtool, ['check', 'rules', ...files]);
    expect(stdout).toMatch(/SUCCESS: \d+ rules found[^]*SUCCESS: \d+ rules found/);
  });

  it('have one test for each alert and no other', () => {
    const names = prometheusGroups({ timeScale: 1 }).flatMap(({ alerts = [] }) => alerts.map(({ name }) => name));
    expect(ALERT_CASES.map(({ name }) => name).toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it.each(ALERT_CASES.map((each) => [each.name, each] as const))(
    '%s stays quiet, fires with its words, and says what is to be said without data',
    async (name, each) => {
      const file = join(directory, `${name}.yaml`);
      writeFileSync(join(directory, `${name}-rules.yaml`), ruleFile(groupsOf(name)));
      writeFileSync(file, stringify(testFile(each), { lineWidth: 0 }));
      await run(promtool, ['test', 'rules', file]).catch((error: unknown) => {
        const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
        throw new Error(`promtool test rules ${name}:\n${stdout}${stderr}`);
      });
    },
    60_000,
  );
});

/** The groups that an alert needs: its own, and what they read. All of them would take minutes. */
function groupsOf(name: string): RuleGroup[] {
  const isMine = ({ alerts = [] }: RuleGroup): boolean => alerts.some((rule) => rule.name === name);
  const own = prometheusGroups({ timeScale: 1 }).filter(isMine);
  const reads = own.flatMap(({ alerts = [] }) => alerts.map(({ expr }) => expr)).join('\n');
  const isRead = ({ records = [], intervalSeconds }: RuleGroup): boolean =>
    intervalSeconds === undefined && records.some(({ record }) => reads.includes(record));
  return [...prometheusGroups({ timeScale: 1 }).filter(isRead), ...own];
}

function testFile(each: AlertCase) {
  const { name, quiet, firing, at, told, withoutData = [] } = each;
  const { quietAt = [...QUIET_AT, at] } = each;
  const groups =
    Object.keys(firing).length === 0
      ? [testOf(each, 'without data', {}, [{ at, told: withoutData }])]
      : [
          testOf(
            each,
            'quiet',
            quiet,
            quietAt.map((moment) => ({ at: moment, told: [] })),
          ),
          testOf(each, 'firing', firing, [{ at, told }]),
          testOf(each, 'without data', {}, [{ at, told: withoutData }]),
        ];
  return { rule_files: [`${name}-rules.yaml`], evaluation_interval: '1m', tests: groups };
}

function testOf(
  { name, summary }: AlertCase,
  what: string,
  series: Series,
  moments: readonly { at: string; told: readonly Told[] }[],
) {
  return {
    name: `${name} ${what}`,
    interval: '1m',
    input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
    alert_rule_test: moments.map(({ at, told }) => ({
      eval_time: at,
      alertname: name,
      exp_alerts: told.map(({ labels, description }) => ({
        exp_labels: labels,
        exp_annotations: { ...linksOf(name, labels), summary, description },
      })),
    })),
  };
}

/** Links follow from names and are tested for being made once; words are compared with those of the test. */
function linksOf(name: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const fits = (rule: AlertRule): boolean =>
    Object.entries(rule.labels ?? {}).every(([label, value]) => labels[label] === value);
  const rule = alertRules().find((each) => each.name === name && fits(each));
  if (rule === undefined) throw new Error(`there is no alert ${name}`);
  const { summary: _summary, description: _description, ...links } = annotationsOf(rule);
  return links;
}
