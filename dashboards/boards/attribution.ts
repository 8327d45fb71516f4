import { MODELS } from '../../events/settings.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { type Column, bars, grid } from '../grid.ts';
import { LOOK, NEUTRAL, QUIET, WELL, WRONG, textColors } from '../look.ts';
import { CORRECTIONS } from '../marks.ts';
import { figure, graph, timeline } from '../panels.ts';
import { points, rows } from '../queries.ts';
import { listed, queried } from '../variables.ts';
import { WINDOW_STATES } from '../window-states.ts';

const signedPercent: Column = {
  unit: 'percentunit',
  decimals: 1,
  colored: 'text',
  steps: [
    { from: null, color: 'orange' },
    { from: -0.05, color: 'text' },
    { from: 0.05, color: 'blue' },
  ],
};
const MODEL_COLUMNS = [
  'first touch',
  'last touch',
  'non direct',
  'linear',
  'time decay',
  'position',
  'w shaped',
] as const;
const columnsOf = (column: Column): Record<string, Column> =>
  Object.fromEntries(MODEL_COLUMNS.map((model) => [model, column]));

/** Which channel earned what, and whether the number can still change. */
export const attribution: BoardPlan<'attribution'> = {
  board: 'attribution',
  description:
    'For analysts: what earned which conversions, by whichever model, and first of all whether the numbers shown are final. The shown time is the time of conversions.',
  from: 'now-7d',
  refresh: '5m',
  variables: [
    queried('tenant', rows('attribution/tenants'), { label: 'tenant', description: 'Whose conversions.' }),
    listed('model', ['last_touch', ...MODELS.filter((model) => model !== 'last_touch')], {
      label: 'model',
      description: 'How a conversion is shared among its touchpoints.',
    }),
    queried('currency', rows('attribution/currencies'), {
      label: 'currency',
      description: 'Values of different currencies are never added up.',
    }),
    queried('app', rows('attribution/apps'), { label: 'app', description: 'Apps.', several: true }),
    queried('conversion', rows('attribution/conversion-names'), {
      label: 'conversion',
      description: 'Names of conversions; adding up different ones mostly says little.',
      several: true,
    }),
  ],
  marks: [CORRECTIONS],
  rows: [
    {
      title: 'Can I use these numbers?',
      height: 4,
      panels: {
        verdict: figure({
          title: 'The shown time is',
          description:
            'final: nothing but a replay changes these numbers. complete: all windows are published, late events may still correct them. still coming in: the newest windows are not due. Otherwise some lack data: do not use them yet.',
          unit: 'none',
          allFields: true,
          mappings: textColors([
            { pattern: 'final', color: WELL },
            { pattern: 'complete.*', color: NEUTRAL },
            { pattern: 'still coming in', color: LOOK },
            { pattern: 'no data', color: QUIET },
            { pattern: '.+', color: WRONG },
          ]),
          queries: [rows('attribution/verdict')],
          width: 5,
        }),
        publishedUntil: figure({
          title: 'Complete until',
          description: 'All windows before this moment are published.',
          unit: 'time:YYYY-MM-DD HH:mm',
          allFields: true,
          none: 'nothing yet',
          queries: [rows('attribution/published-until')],
        }),
        finalUntil: figure({
          title: 'Final until',
          description: 'No late event can change anything before this moment.',
          unit: 'time:YYYY-MM-DD HH:mm',
          allFields: true,
          none: 'nothing yet',
          queries: [rows('attribution/final-until')],
          expects: emptyBecause('the first window of the shown time may still change for days'),
        }),
        windowCounts: figure({
          title: 'Windows',
          description: 'How many windows stand where.',
          unit: 'short',
          decimals: 0,
          allFields: true,
          names: true,
          colors: { final: WELL, published: NEUTRAL, 'not due': QUIET, overdue: LOOK, inconsistent: WRONG },
          queries: [rows('attribution/window-counts')],
          width: 7,
        }),
        settingsVersions: figure({
          title: 'Settings',
          description:
            'Versions of the settings (lookbacks, models) and of the code. Two of them in one picture: numbers before and after are not the same measure.',
          unit: 'none',
          allFields: true,
          none: 'nothing published',
          mappings: textColors([
            { pattern: '.* and .*', color: LOOK },
            { pattern: '.+', color: NEUTRAL },
          ]),
          queries: [rows('attribution/settings-versions')],
        }),
        changedAt: figure({
          title: 'Last changed',
          description: 'When a window of the shown time was published last.',
          unit: 'dateTimeFromNow',
          none: 'nothing published',
          queries: [rows('attribution/changed-at')],
        }),
      },
    },
    {
      height: 4,
      panels: {
        completeness: timeline({
          title: 'Windows over time',
          description:
            'Each window in the colour of where it stands; a click and drag goes closer. Grey gaps: no data in that time.',
          unit: 'none',
          mappings: WINDOW_STATES,
          queries: [rows('attribution/completeness')],
        }),
      },
    },
    {
      title: 'What happened',
      height: 4,
      panels: {
        conversions: figure({
          title: 'Conversions',
          description: 'Of the chosen apps and names: the same number in every model.',
          unit: 'locale',
          decimals: 0,
          none: '0',
          queries: [rows('attribution/conversions')],
        }),
        value: figure({
          title: 'Value in ${currency}',
          description: 'What the conversions were worth, in the chosen currency alone.',
          unit: 'locale',
          decimals: 2,
          none: 'none in this currency',
          queries: [rows('attribution/value')],
        }),
        organicShare: figure({
          title: 'Organic',
          description: 'Share of conversions without any touchpoint within the lookback.',
          unit: 'percentunit',
          decimals: 1,
          none: 'no conversions',
          queries: [rows('attribution/organic-share')],
        }),
        touchpointsPerConversion: figure({
          title: 'Touchpoints of a journey',
          description:
            'How many touchpoints a conversion that is not organic has on average. Near 1 all models say the same.',
          unit: 'short',
          decimals: 2,
          none: 'no journeys',
          queries: [rows('attribution/touchpoints-per-conversion')],
        }),
      },
    },
    {
      height: 9,
      panels: {
        creditsByChannel: graph({
          title: 'Conversions credited to channels (${model})',
          description:
            'Each conversion counts once, shared as the model says. Marks: numbers were corrected after they had been published.',
          unit: 'short',
          decimals: 1,
          stacked: true,
          drawn: 'bars',
          interval: '1h',
          colors: { organic: QUIET },
          seriesName: '${__field.labels.channel}',
          queries: [points('attribution/credits-by-channel')],
        }),
        valueByChannel: graph({
          title: 'Value credited to channels (${model}, ${currency})',
          description: 'The value of conversions, shared as the model says.',
          unit: 'short',
          decimals: 2,
          stacked: true,
          drawn: 'bars',
          interval: '1h',
          colors: { organic: QUIET },
          seriesName: '${__field.labels.channel}',
          queries: [points('attribution/value-by-channel')],
        }),
      },
    },
    {
      height: 9,
      panels: {
        channels: grid({
          title: 'Channels (${model})',
          description: 'value each: value of a conversion of the chosen currency.',
          width: 7,
          queries: [rows('attribution/channels')],
          columns: {
            conversions: { unit: 'locale', decimals: 1 },
            share: { unit: 'percentunit', decimals: 1 },
            value: { unit: 'locale', decimals: 2 },
            'value each': { unit: 'locale', decimals: 2 },
          },
        }),
        campaigns: grid({
          title: 'Campaigns (${model})',
          description: 'The campaigns of all channels, the most credited first.',
          width: 7,
          queries: [rows('attribution/campaigns')],
          columns: { conversions: { unit: 'locale', decimals: 1 }, value: { decimals: 2 } },
        }),
        returnOnSpend: grid({
          title: 'Return on spend (${model}, ${currency})',
          description:
            'Value divided by spend of whole days, and what one conversion cost. Below 1 a campaign cost more than it was worth.',
          queries: [rows('attribution/return-on-spend')],
          columns: {
            spend: { unit: 'locale', decimals: 2 },
            value: { unit: 'locale', decimals: 2 },
            return: {
              decimals: 2,
              colored: 'text',
              steps: [
                { from: null, color: WRONG },
                { from: 1, color: WELL },
              ],
            },
            conversions: { unit: 'locale', decimals: 1 },
            'cost each': { unit: 'locale', decimals: 2 },
          },
          expects: emptyBecause('spend is shown where it was imported (docs/boards.md says how)'),
        }),
      },
    },
    {
      title: 'Models beside each other',
      height: 10,
      panels: {
        modelTable: grid({
          title: 'Conversions of channels in every model',
          description:
            'Columns have the same sum. A channel that loses from first to last touch opens journeys, one that wins closes them.',
          queries: [rows('attribution/model-table')],
          columns: columnsOf({ unit: 'locale', decimals: 1 }),
        }),
        modelComparison: grid({
          title: 'The same, as difference from ${model}',
          description:
            'How many conversions more or fewer a channel has in each model. Blue: more than 5 % more. Orange: more than 5 % fewer.',
          queries: [rows('attribution/model-comparison')],
          columns: columnsOf(signedPercent),
        }),
      },
    },
    {
      title: 'Journeys',
      height: 8,
      panels: {
        organicShares: graph({
          title: 'Organic share of apps',
          description: 'A jump in one app is rather a broken link or a consent banner than a change of people.',
          unit: 'percentunit',
          max: 1,
          interval: '1h',
          seriesName: '${__field.labels.app_id}',
          gapSecondsMax: 2 * 86_400,
          queries: [points('attribution/organic-shares')],
        }),
        journeyLengths: bars({
          title: 'Touchpoints of journeys',
          description: 'How many conversions had how many touchpoints.',
          unit: 'short',
          decimals: 0,
          xField: 'touchpoints',
          queries: [rows('attribution/journey-lengths')],
        }),
        timesToConvert: bars({
          title: 'From touchpoint to conversion',
          description: 'How old the credited touchpoints were. Much near the lookback: a longer one would credit more.',
          unit: 'short',
          decimals: 0,
          xField: 'time to convert',
          queries: [rows('attribution/times-to-convert')],
        }),
        conversionNames: grid({
          title: 'Kinds of conversions',
          description: 'All names of conversions with their value in the chosen currency.',
          queries: [rows('attribution/by-conversion-name')],
          columns: {
            conversions: { decimals: 0 },
            organic: { unit: 'percentunit', decimals: 1 },
            value: { unit: 'locale', decimals: 2 },
          },
        }),
      },
    },
    {
      title: 'Where the numbers come from',
      height: 10,
      panels: {
        windowTable: grid({
          title: 'Windows of the shown time',
          description:
            'Version, reason and settings of what is published, and until when late data can correct it. trace: the run that computed it.',
          queries: [rows('attribution/windows')],
          columns: {
            state: { width: 105, colored: 'text', mappings: WINDOW_STATES },
            version: { width: 75 },
            settings: { width: 80 },
            organic: { unit: 'percentunit', decimals: 1 },
            trace: { isTrace: true },
          },
        }),
      },
    },
    {
      height: 8,
      panels: {
        revisions: grid({
          title: 'Corrections: what changed after it was published',
          description: 'Each later version of a window, and by how many conversions it differs from the one before.',
          queries: [rows('attribution/revisions')],
          columns: {
            version: { width: 75 },
            conversions: { width: 105 },
            settings: { width: 80 },
            trace: { isTrace: true },
          },
          expects: emptyBecause('nothing late came, and nothing was replayed'),
        }),
      },
    },
  ],
};
