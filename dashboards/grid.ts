import * as barchart from '@grafana/grafana-foundation-sdk/barchart';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as table from '@grafana/grafana-foundation-sdk/table';
import { logsOfValue, traceOfValue } from './explore.ts';
import { type Steps, thresholds } from './look.ts';
import { type Panel, type PanelText, panel } from './panels.ts';

/** How a column of a table looks. */
export interface Column {
  readonly unit?: string;
  readonly decimals?: number;
  readonly width?: number;
  readonly mappings?: ValueMapping[];
  /** Colours the number, or the text by its mapping. */
  readonly colored?: 'text' | 'background';
  readonly steps?: Steps;
  /** It holds the number of a trace: a click shows the trace, or the log lines of it. */
  readonly isTrace?: boolean;
  /** A click leads there. */
  readonly link?: { readonly title: string; readonly url: string };
  readonly name?: string;
}

interface Grid extends PanelText {
  readonly unit?: string;
  readonly columns?: Readonly<Record<string, Column>>;
  readonly transformations?: readonly DataTransformerConfig[];
  readonly sortBy?: { readonly column: string; readonly descending: boolean };
  /** What stands there when there is no row. */
  readonly none?: string;
}

/** A table. */
export function grid(options: Grid): Panel {
  return panel(options, () => {
    const builder = new table.PanelBuilder()
      .unit(options.unit ?? 'short')
      .cellHeight(common.TableCellHeight.Sm)
      .filterable(false)
      .minWidth(COLUMN_PIXELS_MIN)
      .noValue(options.none ?? '–')
      .overrideByFieldType('time', [
        { id: 'unit', value: 'time:YYYY-MM-DD HH:mm' },
        { id: 'custom.width', value: TIME_PIXELS },
      ]);
    for (const transformation of options.transformations ?? []) builder.withTransformation(transformation);
    for (const [name, column] of Object.entries(options.columns ?? {}))
      builder.overrideByName(name, properties(column));
    if (options.sortBy !== undefined) {
      const { column, descending } = options.sortBy;
      builder.sortBy([new common.TableSortByFieldStateBuilder().displayName(column).desc(descending)]);
    }
    return builder;
  });
}

const COLUMN_PIXELS_MIN = 60;
const TIME_PIXELS = 140;

function properties(column: Column): DynamicConfigValue[] {
  const { unit, decimals, width, mappings, colored, steps, isTrace, name } = column;
  const set = (id: string, value: unknown): DynamicConfigValue[] => (value === undefined ? [] : [{ id, value }]);
  return [
    ...set('unit', unit),
    ...set('decimals', decimals),
    ...set('displayName', name),
    ...set('custom.width', width ?? (isTrace === true ? 62 : undefined)),
    ...set('mappings', isTrace === true ? SHORT_TRACE : mappings),
    ...set('custom.cellOptions', colored === undefined ? undefined : { type: `color-${colored}` }),
    ...(steps === undefined ? [] : set('thresholds', thresholds(steps).build())),
    ...(steps === undefined ? [] : set('color', { mode: 'thresholds' })),
    ...set('links', linksOf(column)),
  ];
}

/** Thirty-two digits tell nobody anything: a click does. */
const SHORT_TRACE = [{ type: 'regex', options: { pattern: '.+', result: { text: 'trace', index: 0 } } }];

function linksOf({ isTrace, link }: Column): object[] | undefined {
  if (link !== undefined) return [{ title: link.title, url: link.url }];
  if (isTrace !== true) return undefined;
  return [
    { title: 'Show the trace', url: traceOfValue() },
    { title: 'Show its log lines', url: logsOfValue() },
  ];
}

interface Bars extends PanelText {
  readonly unit: string;
  readonly decimals?: number;
  readonly xField: string;
  readonly transformations?: readonly DataTransformerConfig[];
  readonly horizontal?: boolean;
}

/** Bars for each row of a table, beside each other. */
export function bars(options: Bars): Panel {
  return panel(options, () => {
    const builder = new barchart.PanelBuilder()
      .unit(options.unit)
      .xField(options.xField)
      .orientation(options.horizontal === true ? common.VizOrientation.Horizontal : common.VizOrientation.Vertical)
      .showValue(common.VisibilityMode.Auto)
      .groupWidth(0.75)
      .barWidth(0.95)
      .fillOpacity(80)
      .lineWidth(0)
      .xTickLabelMaxLength(20)
      .legend(
        new common.VizLegendOptionsBuilder()
          .showLegend(true)
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom),
      )
      .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
    if (options.decimals !== undefined) builder.decimals(options.decimals);
    for (const transformation of options.transformations ?? []) builder.withTransformation(transformation);
    return builder;
  });
}

/** Leaves columns out, orders and renames the others. */
export const arrange = (options: {
  readonly hidden?: readonly string[];
  readonly order?: readonly string[];
  readonly names?: Readonly<Record<string, string>>;
}): DataTransformerConfig => ({
  id: 'organize',
  options: {
    excludeByName: Object.fromEntries((options.hidden ?? []).map((name) => [name, true])),
    indexByName: Object.fromEntries((options.order ?? []).map((name, index) => [name, index])),
    renameByName: options.names ?? {},
  },
});
