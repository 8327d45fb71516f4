import { hasGrafana } from './parts/grafana.ts';
import { OBSERVER_NAMES, type ObserverName, type Variables } from './types.ts';

/** The parts that watch the others, as far as they can be had: Grafana where the environment names one. */
export const observersFor = (environment: Variables): ObserverName[] =>
  OBSERVER_NAMES.filter((name) => name !== 'grafana' || hasGrafana(environment));
