import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import * as common from '@grafana/grafana-foundation-sdk/common';
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  FieldColorBuilder,
  FieldColorModeId,
  type Panel as GrafanaPanel,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap';
import * as logs from '@grafana/grafana-foundation-sdk/logs';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import { DATA, type Expectation } from './expectation.ts';
import { ONLY_A_NUMBER, type Steps, fixedColor, thresholds } from './look.ts';
import type { Query } from './queries.ts';

/** What each kind of panel of the SDK can do. */
export interface PanelBuilder extends Builder<GrafanaPanel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: common.DataSourceRef): this;
  span(width: number): this;
  height(height: number): this;
  withTarget(target: Builder<Dataquery>): this;
}

/** What every panel says about itself. */
export interface PanelText {
  readonly title: string;
  /** What it shows and what to make of it, for somebody who sees it for the first time. */
  readonly description: string;
  readonly queries: readonly Query[];
  readonly expects?: Expectation;
  /** Of the 24 columns of a board; without one the panels of a row share what is left. */
  readonly width?: number;
  /** Shortest time of a point, such as the length of a window. */
  readonly interval?: string;
}

/** A panel before it has its number and its place. */
export interface Panel extends PanelText {
  readonly expects: Expectation;
  readonly build: () => PanelBuilder;
}

interface Measured extends PanelText {
  /** Of Grafana's names of units. */
  readonly unit: string;
  readonly decimals?: number;
  readonly steps?: Steps;
}

interface Graph extends Measured {
  readonly stacked?: boolean;
  readonly drawn?: 'lines' | 'bars';
  /** Colours of series that mean something, by their names. */
  readonly colors?: Readonly<Record<string, string>>;
  readonly min?: number;
  readonly max?: number;
  readonly logarithmic?: boolean;
  /** What a series is called, such as `${__field.labels.channel}`; without one by its legend. */
  readonly seriesName?: string;
  /** Points this far from each other are still one line: measurements that come now and then. */
  readonly gapSecondsMax?: number;
}

/** Numbers over time. A threshold is a dashed line. */
export function graph(options: Graph): Panel {
  return panel(options, () => {
    const builder = new timeseries.PanelBuilder()
      .unit(options.unit)
      .lineWidth(options.drawn === 'bars' ? 0 : 1)
      .fillOpacity(options.drawn === 'bars' ? 80 : options.stacked === true ? 30 : 8)
      .drawStyle(options.drawn === 'bars' ? common.GraphDrawStyle.Bars : common.GraphDrawStyle.Line)
      .showPoints(common.VisibilityMode.Auto)
      .spanNulls(options.gapSecondsMax === undefined ? false : options.gapSecondsMax * 1_000)
      .min(options.min ?? 0)
      .legend(legendOf('list'))
      .tooltip(tooltipOfAll())
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.PaletteClassic));
    if (options.max !== undefined) builder.max(options.max);
    if (options.decimals !== undefined) builder.decimals(options.decimals);
    if (options.interval !== undefined) builder.interval(options.interval);
    if (options.stacked === true) builder.stacking(stacked());
    if (options.logarithmic === true) builder.scaleDistribution(logarithmic());
    if (options.steps !== undefined) builder.thresholds(thresholds(options.steps)).thresholdsStyle(dashed());
    if (options.seriesName !== undefined) builder.displayName(options.seriesName);
    const softMax = SMALLEST_AXIS[options.unit];
    if (softMax !== undefined) builder.axisSoftMax(softMax);
    for (const [name, color] of Object.entries(options.colors ?? {})) {
      builder.overrideByRegexp(`/^(\\w+ )?${name}$/`, [fixedColor(color)]);
    }
    return builder;
  });
}

/** Nothing at all must not look like a hundred. */
const SMALLEST_AXIS: Readonly<Record<string, number>> = {
  short: 1,
  percentunit: 0.01,
  reqps: 1,
  'suffix:/s': 1,
  s: 0.01,
};

const legendOf = (kind: 'list' | 'none') =>
  new common.VizLegendOptionsBuilder()
    .showLegend(kind !== 'none')
    .placement(common.LegendPlacement.Bottom)
    .displayMode(common.LegendDisplayMode.List);
const tooltipOfAll = () =>
  new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending);
const stacked = () => new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A');
const logarithmic = () => new common.ScaleDistributionConfigBuilder().type(common.ScaleDistribution.Log).log(10);
const dashed = () => new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed);

interface Figure extends Measured {
  /** What stands there when there is no number. */
  readonly none?: string;
  readonly mappings?: ValueMapping[];
  /** The value is a text, or there are several in one row. */
  readonly allFields?: boolean;
  readonly sparkline?: boolean;
  readonly names?: boolean;
  /** Where a click leads. */
  readonly leadsTo?: { readonly title: string; readonly path: string };
  readonly colors?: Readonly<Record<string, string>>;
}

/** One number that is read from across the room, in the colour of what it means. */
export function figure(options: Figure): Panel {
  return panel(options, () => {
    const builder = new stat.PanelBuilder()
      .unit(options.unit)
      .thresholds(thresholds(options.steps ?? ONLY_A_NUMBER))
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
      .colorMode(common.BigValueColorMode.Value)
      .graphMode(options.sparkline === true ? common.BigValueGraphMode.Area : common.BigValueGraphMode.None)
      .textMode(options.names === true ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Value)
      .reduceOptions(lastOf(options.allFields === true));
    if (options.decimals !== undefined) builder.decimals(options.decimals);
    if (options.names === true) builder.text(new common.VizTextDisplayOptionsBuilder().titleSize(11).valueSize(24));
    if (options.none !== undefined) builder.noValue(options.none);
    if (options.mappings !== undefined) builder.mappings(options.mappings);
    for (const [name, color] of Object.entries(options.colors ?? {})) builder.overrideByName(name, [fixedColor(color)]);
    if (options.leadsTo !== undefined) builder.dataLinks([linkTo(options.leadsTo)]);
    return builder;
  });
}

const lastOf = (allFields: boolean) =>
  new common.ReduceDataOptionsBuilder()
    .calcs(['lastNotNull'])
    .values(false)
    .fields(allFields ? '/.*/' : '');

const linkTo = ({ title, path }: { title: string; path: string }) =>
  new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(`${path}?\${__url_time_range}`);

/** Numbers beside each other that are compared with one scale. */
export function gauges(
  options: Measured & { readonly min?: number; readonly max?: number; readonly none?: string },
): Panel {
  return panel(options, () => {
    const builder = new bargauge.PanelBuilder()
      .unit(options.unit)
      .thresholds(thresholds(options.steps ?? ONLY_A_NUMBER))
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
      .orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic)
      .valueMode(common.BarGaugeValueMode.Text)
      .reduceOptions(lastOf(false));
    if (options.min !== undefined) builder.min(options.min);
    if (options.max !== undefined) builder.max(options.max);
    if (options.decimals !== undefined) builder.decimals(options.decimals);
    if (options.none !== undefined) builder.noValue(options.none);
    return builder;
  });
}

/** How a distribution moves over time. */
export function heat(options: Measured): Panel {
  return panel(options, () =>
    new heatmap.PanelBuilder()
      .unit('short')
      .calculate(false)
      .yAxis(new heatmap.YAxisConfigBuilder().unit(options.unit))
      .color(
        new heatmap.HeatmapColorOptionsBuilder()
          .mode(heatmap.HeatmapColorMode.Scheme)
          .scheme('Oranges')
          .exponent(0.5)
          .steps(64),
      )
      .cellGap(1)
      .showLegend(),
  );
}

/** What something was when: a coloured bar over time for each series. */
export function timeline(options: Measured & { readonly mappings: ValueMapping[] }): Panel {
  return panel(options, () =>
    new statetimeline.PanelBuilder()
      .unit(options.unit)
      .mappings(options.mappings)
      .showValue(common.VisibilityMode.Never)
      .rowHeight(0.85)
      .lineWidth(0)
      .fillOpacity(80)
      .mergeValues(true)
      .legend(legendOf('none'))
      .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds)),
  );
}

/** Log lines, the newest first; a click on one shows all of its fields, and its trace. */
export function logPanel(options: PanelText): Panel {
  return panel(options, () =>
    new logs.PanelBuilder()
      .showTime(true)
      .wrapLogMessage(true)
      .enableLogDetails(true)
      .prettifyLogMessage(false)
      .sortOrder(common.LogsSortOrder.Descending),
  );
}

export const panel = (options: PanelText, build: () => PanelBuilder): Panel => ({
  ...options,
  expects: options.expects ?? DATA,
  build,
});
