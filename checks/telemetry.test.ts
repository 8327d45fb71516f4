import { describe, expect, it } from 'vitest';
import { bounded, counter, external, gauge, histogram } from '../otel/registry/declare.ts';
import { useProblems } from './telemetry.ts';
import { emissionProblems, readEmission } from './telemetry-emission.ts';
import { readLogql, readPromql, seriesOf } from './telemetry-queries.ts';
import { usesOfBoard, usesOfPage, usesOfRules } from './telemetry-uses.ts';

const DECLARED = {
  sent: counter({ name: 'unmogrowp_sent_total', help: 'Sent.', labels: { size: ['small', 'large'] } }),
  waiting: gauge({ name: 'unmogrowp_waiting', help: 'Waiting.', labels: { office: bounded('offices') } }),
  weight: histogram({ name: 'unmogrowp_weight_bytes', help: 'Weight.', unit: 'bytes', buckets: [1] }),
  up: external({ source: 'prometheus', name: 'up', kind: 'gauge', help: 'Up.' }),
};
const KNOWN = seriesOf(Object.values(DECLARED));
const SPANS = { send: { name: 'letter.send', help: 'One.', attributes: ['letter.size'] } };

const promql = (expression: string) => readPromql(expression, KNOWN).problems;
const logql = (expression: string) => readLogql(expression).problems;
/** What the gate says about code that is the whole program. */
const emission = (code: string, file = 'ingest/send.ts') =>
  emissionProblems([readEmission(file, code)], {
    metrics: { sent: DECLARED.sent, waiting: DECLARED.waiting },
    spans: SPANS,
  });
const ALL = "metrics.sent.inc({ size: 'small' }); metrics.waiting.set(1); tracer.startSpan(SPANS.send.name);";

describe('what the code emits', () => {
  it('passes when all of it is declared and all that is declared is emitted, however it is reached', () => {
    expect(emission(ALL)).toEqual([]);
    const destructured = 'const { sent, waiting } = created.metrics as X; tracer.startActiveSpan("letter.send", f);';
    expect(emission(destructured)).toEqual([]);
    expect(emission('f(sinkMetrics.sent, { metrics: { waiting } }); start(SPANS.send)')).toEqual([
      'unmogrowp_waiting is declared and nothing emits it',
    ]);
    expect(emission('const f = ({ metrics: { sent, waiting } }: P) => start(SPANS.send)')).toEqual([]);
  });

  it('fails for a metric or a span that is declared and nothing emits', () => {
    expect(emission('metrics.sent.inc(1);')).toEqual([
      'unmogrowp_waiting is declared and nothing emits it',
      'the span letter.send is declared and nothing starts it',
    ]);
  });

  it('fails for a metric, span or attribute that is emitted and not declared', () => {
    const code = `${ALL} metrics.lost.inc(); tracer.startSpan('letter.lose'); span.setAttribute('letter.colour', 1);
      span.setAttributes({ 'letter.size': 1, 'letter.weight': 2 });`;
    expect(emission(code)).toEqual([
      'ingest/send.ts: the metric lost is emitted and not declared',
      'ingest/send.ts: the span letter.lose is started and not declared',
      'ingest/send.ts: the attribute letter.colour is set and not declared',
      'ingest/send.ts: the attribute letter.weight is set and not declared',
    ]);
  });

  it('fails for code that goes around the registry', () => {
    const code = `import { Counter } from 'prom-client'; import type { Level } from 'pino'; ${ALL}`;
    expect(emission(code)).toEqual(['ingest/send.ts: prom-client makes telemetry that the registry does not know']);
    expect(emission(code, 'otel/metrics.ts')).toEqual([]);
  });
});

describe('PromQL', () => {
  it('passes when each series, label and value is declared', () => {
    for (const expression of [
      'sum by (size, job) (rate(unmogrowp_sent_total{size="small", job=~"$job"}[$__rate_interval])) > 0',
      'histogram_quantile(0.99, sum by (le) (rate(unmogrowp_weight_bytes_bucket[5m])))',
      'unmogrowp_weight_bytes_sum / unmogrowp_weight_bytes_count and on (instance) up{job="sink"} == 1',
      'unmogrowp_waiting{office=~"$office"} or {__name__="up"}',
      'sum by (kind) (label_replace(up, "kind", "$1", "job", "(.*)"))',
      'unmogrowp_sent_total{size=~"small|large"} offset 5m',
    ]) {
      expect(promql(expression), expression).toEqual([]);
    }
  });

  it('says which series it used', () => {
    expect([...readPromql('rate(unmogrowp_sent_total[5m]) / up', KNOWN).series]).toEqual([
      'unmogrowp_sent_total',
      'up',
    ]);
  });

  it.each([
    ['rate(unmogrowp_gone_total[5m])', 'unmogrowp_gone_total is not declared'],
    ['unmogrowp_weight_bytes', 'unmogrowp_weight_bytes is not declared'],
    ['unmogrowp_sent_total{colour="red"}', 'unmogrowp_sent_total has no label colour'],
    ['unmogrowp_sent_total{size="huge"}', 'size of unmogrowp_sent_total is never huge'],
    ['unmogrowp_sent_total{size=~"small|huge"}', 'size of unmogrowp_sent_total is never huge'],
    ['sum by (colour) (unmogrowp_sent_total)', 'no series of it has the label colour'],
    ['{job="sink"}', 'a selector does not name its series'],
    ['sum(rate(unmogrowp_sent_total[5m])', 'it cannot be parsed at ""'],
  ])('fails for %s', (expression, problem) => {
    expect(promql(expression)).toEqual([problem]);
  });
});

describe('LogQL', () => {
  it('passes when each label and field is declared', () => {
    for (const expression of [
      'sum by (service) (count_over_time({level=~"error|fatal", service="sink"} |= "x" [$__auto])) > 3',
      '{service=~"$service"} | trace_id="$trace" | json | code="bug" | context_query != ""',
      'sum(sum_over_time({service="ingest"} | json | unwrap duration_ms [5m]))',
    ]) {
      expect(logql(expression), expression).toEqual([]);
    }
  });

  it.each([
    ['{pod="a"}', 'pod is no label of log streams'],
    ['{trace_id="a"}', 'trace_id is no label of log streams'],
    ['{service="sink"} | json | colour="red"', 'colour is no declared field of the log'],
    ['sum by (colour) (count_over_time({service="sink"}[5m]))', 'colour is no declared field of the log'],
    ['{service="sink"', 'it cannot be parsed at ""'],
  ])('fails for %s', (expression, problem) => {
    expect(logql(expression)).toEqual([problem]);
  });
});

describe('the places in which queries stand', () => {
  it('are rules, with what they record', () => {
    const text = 'groups: [{ name: a, rules: [{ alert: X, expr: up == 0 }, { record: "a:b:c", expr: up }] }]';
    expect(usesOfRules('a.yaml', text, 'promql')).toEqual({
      uses: [
        { place: 'a.yaml: X', language: 'promql', expression: 'up == 0' },
        { place: 'a.yaml: a:b:c', language: 'promql', expression: 'up' },
      ],
      recorded: ['a:b:c'],
    });
  });

  it('are the panels and variables of a board, each in the language of its datasource', () => {
    const board = {
      title: 'Board',
      templating: {
        list: [{ datasource: { type: 'prometheus' }, query: { query: 'label_values(unmogrowp_waiting, office)' } }],
      },
      panels: [
        { title: 'A', datasource: { uid: '${prometheus}' }, targets: [{ expr: 'up' }] },
        { title: 'B', panels: [{ title: 'C', targets: [{ datasource: { type: 'loki' }, expr: '{service="x"}' }] }] },
        { title: 'D', datasource: { type: 'grafana-clickhouse-datasource' }, targets: [{ query: 'SELECT 1' }] },
      ],
    };
    expect(usesOfBoard('b.json', JSON.stringify(board))).toEqual([
      { place: 'b.json: Board', language: 'promql', expression: 'unmogrowp_waiting' },
      { place: 'b.json: A', language: 'promql', expression: 'up' },
      { place: 'b.json: C', language: 'logql', expression: '{service="x"}' },
    ]);
  });

  it('are the fenced blocks of a page', () => {
    const page = 'x\n```promql id=a\nup\n```\n```sh\nunmogrowp status\n```\n```logql\n{service="x"}\n```\n';
    expect(usesOfPage('r.md', page)).toEqual([
      { place: 'r.md', language: 'promql', expression: 'up' },
      { place: 'r.md', language: 'logql', expression: '{service="x"}' },
    ]);
  });
});

describe('what rules, boards and pages use', () => {
  const FILES: Readonly<Record<string, string>> = {
    'alerts/generated/prometheus.yaml':
      'groups: [{ name: a, rules: [{ alert: X, expr: unmogrowp_gone == 0 }, { record: "a:b:c", expr: up }] }]',
    'alerts/generated/loki.yaml': `groups: [{ name: a, rules: [{ alert: Y, expr: 'rate({pod="x"}[5m])' }] }]`,
    'dashboards/generated/b.json': '{"title":"B","datasource":{"type":"prometheus"},"expr":"unmogrowp_lost"}',
    'runbooks/X.md': '```promql\nsum by (colour) (up)\n```\n',
    'docs/other.md': '```promql\nnot_looked_at\n```\n',
  };
  const problems = useProblems(Object.keys(FILES), (file) => FILES[file] ?? '');

  it('fails for each place that uses what is not declared', () => {
    expect(problems).toEqual(
      expect.arrayContaining([
        'alerts/generated/prometheus.yaml: X: unmogrowp_gone is not declared',
        'alerts/generated/loki.yaml: Y: pod is no label of log streams',
        'dashboards/generated/b.json: B: unmogrowp_lost is not declared',
        'runbooks/X.md: no series of it has the label colour',
      ]),
    );
    expect(problems.join('\n')).not.toContain('not_looked_at');
  });

  it('fails for a metric of another program that is declared and not used, and not for one that is', () => {
    expect(problems).toContain('ALERTS of prometheus is declared and nothing uses it');
    expect(problems).not.toContain('up of prometheus is declared and nothing uses it');
  });

  it('fails for what is recorded and not declared, and the other way round', () => {
    expect(problems).toContain('a:b:c is recorded and not declared');
    expect(problems).toContain('objective:error_budget:remaining_ratio is declared and no rule records it');
  });
});
