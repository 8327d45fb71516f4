import { incidentsOf, tellIncidents } from './incidents-of.ts';
import type { Scenario } from './scenario.ts';

/** More than a channel may fail. */
const KEYS = ['first', 'second', 'third', 'fourth'];

/** The way to people: away, or without anybody at its end. */
export const SCENARIOS_OF_INCIDENTS: readonly Scenario[] = [
  {
    name: 'nobody-there',
    title: `${KEYS.length} incidents go to a schedule in which nobody is on call, and to a channel that refuses them`,
    alerts: ['IncidentShiftEmpty', 'IncidentNoticesFailing', 'IncidentNobodyAnswered'],
    async inject({ pipeline, signal }) {
      const incidents = await incidentsOf(pipeline, signal);
      for (const key of KEYS) await tellIncidents(incidents, key, 'firing');
      return {
        async heal() {
          for (const key of KEYS) await tellIncidents(incidents, key, 'resolved');
        },
      };
    },
  },
  {
    name: 'incidents-away',
    title: 'the process of incidents is killed',
    alerts: ['IncidentsUnavailable'],
    async inject({ pipeline, signal }) {
      const incidents = await incidentsOf(pipeline, signal);
      await incidents.kill();
      return { heal: () => incidents.start() };
    },
  },
];
