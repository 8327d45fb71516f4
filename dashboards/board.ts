import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { BOARDS, type Board, type PanelOf } from './links.ts';
import type { Panel } from './panels.ts';
import { type Query, datasourceRef, target } from './queries.ts';
import { type Variable, datasourceVariable } from './variables.ts';

/** Marks on all graphs: what happened when. */
export interface Marks {
  readonly name: string;
  readonly color: string;
  readonly query: Query;
  /** For PromQL, whose value is the moment, in milliseconds. */
  readonly titleFormat?: string;
  readonly textFormat?: string;
}

/** Panels beside each other, by their names in `links.ts`. */
export interface Row<B extends Board> {
  /** Without one the row has no heading. */
  readonly title?: string;
  readonly height: number;
  readonly panels: Readonly<Partial<Record<PanelOf<B>, Panel>>>;
}

export interface BoardPlan<B extends Board = Board> {
  readonly board: B;
  /** For whom it is and which question it answers. */
  readonly description: string;
  /** What is shown at first, such as `now-3h`. */
  readonly from: string;
  readonly refresh: string;
  readonly variables: readonly Variable[];
  readonly marks: readonly Marks[];
  readonly rows: readonly Row<B>[];
}

/** The JSON model of a board. */
export function buildBoard<B extends Board>(plan: BoardPlan<B>): Dashboard {
  const { uid, title } = BOARDS[plan.board];
  const builder = new DashboardBuilder(`UnMoGrowP ${title}`)
    .uid(uid)
    .description(plan.description)
    .tags(['unmogrowp'])
    .timezone('utc')
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: plan.from, to: 'now' })
    .refresh(plan.refresh)
    .link(boardLinks());
  for (const datasource of ['prometheus', 'loki', 'clickhouse', 'jaeger'] as const) {
    builder.withVariable(datasourceVariable(datasource).build());
  }
  for (const variable of plan.variables) builder.withVariable(variable.build());
  for (const marks of plan.marks) builder.annotation(annotation(marks));
  plan.rows.forEach((row, index) => {
    if (row.title !== undefined) builder.withRow(new RowBuilder(row.title).id(ROW_ID_FIRST + index));
    for (const placed of placedPanels(plan.board, row)) builder.withPanel(placed);
  });
  return builder.build();
}

/** Rows have no links: their numbers only must not be those of panels. */
const ROW_ID_FIRST = 1_000;
const COLUMNS = 24;

function placedPanels<B extends Board>(board: B, row: Row<B>) {
  const entries = panelsOf(row);
  const given = entries.reduce((sum, [, { width = 0 }]) => sum + width, 0);
  const open = entries.filter(([, { width }]) => width === undefined).length;
  const shared = open === 0 ? 0 : Math.floor((COLUMNS - given) / open);
  // Grafana begins a new line where one is full: the first panels share what division has left over.
  let rest = COLUMNS - given - shared * open;
  const widthOf = ({ width }: Panel): number => width ?? shared + (rest-- > 0 ? 1 : 0);
  const ids: Readonly<Record<string, number>> = BOARDS[board].panels;
  return entries.map(([name, panel]) => {
    const builder = panel
      .build()
      .id(ids[name] ?? 0)
      .title(panel.title)
      .description(panel.description)
      .span(widthOf(panel))
      .height(row.height);
    const datasources = new Set(panel.queries.map(({ datasource }) => datasource));
    const [first] = datasources;
    if (first !== undefined) {
      builder.datasource(datasources.size === 1 ? datasourceRef(first) : { type: 'datasource', uid: '-- Mixed --' });
    }
    panel.queries.forEach((query, index) => builder.withTarget(target(query, String.fromCodePoint(65 + index))));
    return builder;
  });
}

/** The panels of a row with their names, from left to right. */
export const panelsOf = <B extends Board>(row: Row<B>): [PanelOf<B>, Panel][] =>
  Object.entries(row.panels) as [PanelOf<B>, Panel][];

const boardLinks = () =>
  new DashboardLinkBuilder('Boards')
    .type(DashboardLinkType.Dashboards)
    .tags(['unmogrowp'])
    .asDropdown(false)
    .keepTime(true)
    .includeVars(false);

function annotation({ name, color, query, titleFormat, textFormat }: Marks): AnnotationQueryBuilder {
  const builder = new AnnotationQueryBuilder()
    .name(name)
    .datasource(datasourceRef(query.datasource))
    .enable(true)
    .iconColor(color);
  if (query.datasource !== 'prometheus') return builder.target(target(query, 'Anno'));
  return builder
    .expr(query.text)
    .target(target(query, 'Anno'))
    .titleFormat(titleFormat ?? '')
    .textFormat(textFormat ?? '')
    .useValueForTime(true);
}
