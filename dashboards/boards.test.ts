import { parser as logql } from '@grafana/lezer-logql';
import { parser as promql } from '@prometheus-io/lezer-promql';
import { describe, expect, it } from 'vitest';
import { type Shown, interpolateExpression, interpolateSql } from '../test/proofs/interpolate.ts';
import { buildBoard, panelsOf } from './board.ts';
import { PLANS } from './boards.ts';
import { BOARDS } from './links.ts';
import type { Query } from './queries.ts';

const boards = PLANS.map((plan) => ({
  plan,
  name: plan.board,
  model: buildBoard(plan),
  panels: plan.rows.flatMap((row) => panelsOf(row)),
}));

describe('boards', () => {
  it('draw every panel to which somebody may link, each of them once', () => {
    expect(new Set(boards.map(({ name }) => name))).toEqual(new Set(Object.keys(BOARDS)));
    for (const { name, panels, model } of boards) {
      const names = Object.keys(BOARDS[name].panels);
      expect(panels.map(([panel]) => panel).toSorted(byText), name).toEqual(names.toSorted(byText));
      const drawn = (model.panels ?? []).filter(({ type }) => type !== 'row').map(({ id }) => id as number);
      expect(new Set(drawn), name).toEqual(new Set(Object.values<number>(BOARDS[name].panels)));
      expect(drawn.length, name).toBe(panels.length);
    }
  });

  it('fill their rows and never lay one panel over another', () => {
    for (const { name, model } of boards) {
      const cells = new Set<string>();
      for (const { title, gridPos } of model.panels ?? []) {
        const { x, y, w, h } = gridPos as { x: number; y: number; w: number; h: number };
        expect(x + w, `${name}: ${title}`).toBeLessThanOrEqual(24);
        for (let column = x; column < x + w; column += 1) {
          for (let line = y; line < y + h; line += 1) {
            expect(cells.has(`${column}/${line}`), `${name}: ${title}`).toBe(false);
            cells.add(`${column}/${line}`);
          }
        }
      }
    }
  });

  it.each(boards)(
    '$name says of every panel what it shows, in which unit, and when it is empty',
    ({ panels, model }) => {
      for (const [panel, { title, description, expects, queries }] of panels) {
        expect(title, panel).not.toBe('');
        expect(description.length, panel).toBeGreaterThan(15);
        expect(queries.length, panel).toBeGreaterThan(0);
        if (expects.shows === 'nothing') expect(expects.because, panel).not.toBe('');
      }
      for (const { type, title, fieldConfig } of (model.panels ?? []) as DrawnPanel[]) {
        if (type !== 'row' && type !== 'logs') expect(fieldConfig?.defaults?.unit, title).toBeTruthy();
      }
    },
  );

  it.each(boards)(
    '$name asks nothing that Prometheus or Loki could not parse, and only with variables it has',
    ({ plan }) => {
      const shown: Shown = {
        variables: Object.fromEntries(plan.variables.map(({ name }) => [name, ["o'ne", 'two']])),
        fromMs: 0,
        toMs: 3_600_000,
        intervalSeconds: 15,
        scrapeSeconds: 5,
      };
      const queries = [
        ...plan.rows.flatMap((row) => panelsOf(row).flatMap(([, panel]) => panel.queries)),
        ...plan.variables.flatMap(({ query }) => (query === undefined ? [] : [query])),
        ...plan.marks.map(({ query }) => query),
      ];
      for (const query of queries) expect(syntaxError(query, shown), query.text).toBeUndefined();
    },
  );

  it('have links between all of them, are read only, and name their datasources by variables', () => {
    for (const { model } of boards) {
      expect(model.editable).toBe(false);
      expect(model.links?.map(({ tags, type }) => ({ tags, type }))).toEqual([
        { tags: ['unmogrowp'], type: 'dashboards' },
      ]);
      const uids = JSON.stringify(model).matchAll(/"uid":"([^"]+)"/g);
      const datasources = [...uids].map(([, uid]) => uid).filter((uid) => uid !== model.uid);
      for (const uid of datasources) expect(uid).toMatch(/^\$\{(prometheus|loki|clickhouse|jaeger)\}$/);
    }
  });
});

const byText = (left: string, right: string): number => left.localeCompare(right);

interface DrawnPanel {
  type: string;
  title?: string;
  fieldConfig?: { defaults?: { unit?: string } };
}

/** What the grammar of the query's language does not understand. */
function syntaxError(query: Query, shown: Shown): string | undefined {
  if (query.datasource === 'jaeger') return undefined;
  if (query.datasource === 'clickhouse') {
    const sql = interpolateSql(query.text, shown);
    return sql.includes('$') ? sql : undefined;
  }
  const text = interpolateExpression(query.text, shown);
  const parser = query.datasource === 'prometheus' ? promql : logql;
  let error: string | undefined;
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) error ??= `at ${from}: ${text.slice(from, to)}`;
    },
  });
  return error;
}
