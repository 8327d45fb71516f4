import { THRESHOLDS } from '../../otel/objectives.ts';
import { series } from '../../otel/promql.ts';
import type { CounterDeclaration, Labels } from '../../otel/registry/declare.ts';
import { INCIDENTS_METRICS } from '../../otel/registry/incidents.ts';
import type { BoardPlan } from '../board.ts';
import { emptyBecause } from '../expectation.ts';
import { increase, quantileOfRange } from '../expressions.ts';
import { LOOK, NEUTRAL, QUIET, WELL, WRONG, redFrom, yellowThenRed } from '../look.ts';
import { CHANGES } from '../marks.ts';
import { type Panel, figure, graph } from '../panels.ts';
import { metric } from '../queries.ts';
import { QUANTILE_COLORS, countedBy, problemsOf, processesOf, quantiles } from '../shared-panels.ts';

const {
  acknowledgeDuration,
  resolveDuration,
  noticeDelay,
  notices,
  incidentsOpened,
  openIncidents,
  nobodyAnswered,
  flaps,
  pagesOutsideHours,
  pagesPerPersonMax,
  emptyShifts,
  timelineWaiting,
  heartbeatsMissed,
} = INCIDENTS_METRICS;

const expects = emptyBecause('in health nobody is told of anything, and the process of incidents may not run');
const none = 'none';

/** How many of a counter there were in each minute, as bars of one colour. */
const counted = (
  declaration: CounterDeclaration<Labels>,
  [name, color]: readonly [name: string, color: string],
  texts: Pick<Parameters<typeof graph>[0], 'title' | 'description'>,
): Panel =>
  graph({
    ...texts,
    unit: 'short',
    decimals: 0,
    drawn: 'bars',
    interval: '1m',
    colors: { [name]: color },
    queries: [metric(`sum(increase(${series(declaration)}[$__interval]))`, name)],
    expects,
  });

/** Whether people are told, answer, and are left to sleep. */
export const incidents: BoardPlan<'incidents'> = {
  board: 'incidents',
  description:
    'Are people told when something is wrong, in which time do they answer, and how much do alerts ask of them?',
  from: 'now-24h',
  refresh: '1m',
  variables: [],
  marks: CHANGES,
  rows: [
    {
      height: 4,
      panels: {
        open: figure({
          title: 'Open',
          description: 'Incidents that have not ended, whoever looks at them. See: unmogrowp incident list.',
          unit: 'short',
          decimals: 0,
          none,
          steps: yellowThenRed(1, 10),
          queries: [metric(`sum(${series(openIncidents)})`)],
          expects,
        }),
        unanswered: figure({
          title: 'Nobody answered',
          description:
            'Ladders of the shown time that ended without an answer. Each of them is a page that woke nobody.',
          unit: 'short',
          decimals: 0,
          none,
          steps: redFrom(0.5),
          queries: [metric(`sum(${increase(series(nobodyAnswered))})`)],
          expects,
        }),
        answerTime: figure({
          title: 'Acknowledged in',
          description:
            'From opening to the first acknowledgement: half of the incidents of the shown time were faster.',
          unit: 's',
          none,
          queries: [metric(quantileOfRange(0.5, acknowledgeDuration))],
          expects,
        }),
        noticeDelay: figure({
          title: 'Told in',
          description: 'Until a channel has taken a notice: 99 of 100 are faster. Throttled ones wait on purpose.',
          unit: 's',
          decimals: 1,
          none,
          queries: [metric(quantileOfRange(0.99, noticeDelay))],
          expects,
        }),
        pagesPerPerson: figure({
          title: 'Pages of one person (24 h)',
          description:
            'Pages that reached whoever got most of them in the last 24 hours. Who sleeps badly answers badly.',
          unit: 'short',
          decimals: 0,
          none,
          steps: yellowThenRed(THRESHOLDS.pagesPerPersonMax / 2, THRESHOLDS.pagesPerPersonMax),
          queries: [metric(`max(${series(pagesPerPersonMax)})`)],
          expects,
        }),
      },
    },
    {
      height: 8,
      panels: {
        opened: countedBy(incidentsOpened, 'severity', {
          title: 'Opened, by severity',
          description: 'Incidents that were opened in each minute.',
          colors: { critical: WRONG, warning: LOOK, info: QUIET },
          expects,
        }),
        notices: countedBy(notices, 'channel', {
          title: 'Notices, by channel',
          description: 'Notices that a channel took or refused, bundled ones each for itself.',
          expects,
        }),
        outsideHours: counted(pagesOutsideHours, ['pages', LOOK], {
          title: 'Pages outside of support hours',
          description: 'Pages that reached a person when nobody should work. What could wait until the morning should.',
        }),
      },
    },
    {
      title: 'How long it takes',
      height: 8,
      panels: {
        answerTimes: graph({
          title: 'Time to acknowledge',
          description: 'From opening to the first acknowledgement.',
          unit: 's',
          colors: QUANTILE_COLORS,
          queries: quantiles(acknowledgeDuration),
          expects,
        }),
        resolveTimes: graph({
          title: 'Time to resolve',
          description: 'From opening to the end, whoever ended it: the source, a person, or nobody for long.',
          unit: 's',
          colors: QUANTILE_COLORS,
          queries: quantiles(resolveDuration),
          expects,
        }),
        noticeDelays: graph({
          title: 'Time until a notice is taken',
          description: 'From the wish to tell somebody until a channel has taken the notice.',
          unit: 's',
          colors: QUANTILE_COLORS,
          queries: quantiles(noticeDelay),
          expects,
        }),
      },
    },
    {
      title: 'What alerts and policies could do better',
      height: 7,
      panels: {
        flaps: counted(flaps, ['flaps', LOOK], {
          title: 'Flaps',
          description:
            'Alerts that fired again while it was not sure that they had ended: a longer hold, or another rule.',
        }),
        emptyShifts: counted(emptyShifts, ['steps', WRONG], {
          title: 'Empty shifts',
          description: 'Steps that found nobody on call. See: unmogrowp oncall who.',
        }),
        heartbeats: counted(heartbeatsMissed, ['heartbeats', WRONG], {
          title: 'Missed heartbeats',
          description: 'Heartbeats that did not come in time, the watchdog of alerts among them.',
        }),
      },
    },
    {
      title: 'The process itself',
      height: 7,
      panels: {
        timelineWaiting: graph({
          title: 'Entries that wait for PostgreSQL',
          description:
            'Entries of timelines that could not be written yet. They wait in Temporal and are lost nowhere.',
          unit: 'short',
          decimals: 0,
          colors: { waiting: NEUTRAL },
          steps: [
            { from: null, color: WELL },
            { from: 1, color: LOOK },
          ],
          queries: [metric(`sum(${series(timelineWaiting)})`, 'waiting')],
          expects,
        }),
        processes: { ...processesOf('incidents'), expects },
        problems: problemsOf(['incidents']),
      },
    },
  ],
};
