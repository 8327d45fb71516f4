import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { alertmanagerConfig } from '../../../alerts/routing.ts';
import { lokiRules, prometheusRules, yamlText } from '../../../alerts/rule-file.ts';

/** Writes the rules and the routes into a folder, in a time that passes so many times faster. */
export function writeRuleFiles(directory: string, options: { timeScale: number; withInhibition: boolean }): void {
  const { timeScale, withInhibition } = options;
  mkdirSync(directory, { recursive: true });
  const config = alertmanagerConfig({ timeScale });
  writeFileSync(join(directory, 'alertmanager.yaml'), withInhibition ? config : withoutInhibition(config));
  writeFileSync(join(directory, 'loki.yaml'), lokiRules({ timeScale }));
  writeFileSync(join(directory, 'prometheus.yaml'), prometheusRules({ timeScale }));
}

function withoutInhibition(config: string): string {
  const { inhibit_rules: _rules, ...routing } = parse(config) as Record<string, unknown>;
  return yamlText(routing);
}
