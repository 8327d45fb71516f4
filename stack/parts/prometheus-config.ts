import { stringify } from 'yaml';
import { ruleFile, scrapeInterval } from './alerts-directory.ts';
import type { PrepareContext } from './part.ts';

const EXEMPLARS_KEPT = 100_000;
/** Targets are looked at again so often even if nobody tells of a changed file. */
const TARGETS_REFRESH = '5s';

/** What is scraped stands in a file that the stack rewrites, because our processes start after Prometheus. */
export function prometheusConfig({ addresses, tuning, targetsFile }: PrepareContext): string {
  const alertmanager = addresses['ALERTMANAGER_URL'];
  const rules = ruleFile('prometheus.yaml', tuning);
  const interval = scrapeInterval(tuning);
  return stringify({
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: interval },
    storage: { exemplars: { max_exemplars: EXEMPLARS_KEPT } },
    ...(rules === undefined ? {} : { rule_files: [rules] }),
    ...(alertmanager ? { alerting: { alertmanagers: [alertmanagerAt(new URL(alertmanager))] } } : {}),
    scrape_configs: [
      {
        // Every target of the file names its own job.
        job_name: 'stack',
        // Temporal's client library does not say in which format it answers.
        fallback_scrape_protocol: 'PrometheusText0.0.4',
        file_sd_configs: [{ files: [targetsFile], refresh_interval: TARGETS_REFRESH }],
      },
    ],
  });
}

const alertmanagerAt = ({ protocol, host, pathname }: URL) => ({
  scheme: protocol.slice(0, -1),
  path_prefix: pathname,
  static_configs: [{ targets: [host] }],
});
