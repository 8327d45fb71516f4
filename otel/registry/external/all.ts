import type { ExternalDeclaration, Source } from '../declare.ts';
import { OBJECTIVE_RECORDS } from '../objectives.ts';
import { ALERTMANAGER } from './alertmanager.ts';
import { CLICKHOUSE_SERVER } from './clickhouse.ts';
import { JAEGER } from './jaeger.ts';
import { LOKI } from './loki.ts';
import { PROMETHEUS } from './prometheus.ts';
import { TEMPORAL_SDK } from './temporal-sdk.ts';
import { TEMPORAL_SERVER } from './temporal-server.ts';

type ExternalDeclarations = Readonly<Record<string, ExternalDeclaration>>;

/** Every metric that no process of ours emits and that our boards, rules and runbooks use, by where it comes from. */
export const EXTERNAL: Readonly<Record<Source, ExternalDeclarations>> = {
  clickhouse: CLICKHOUSE_SERVER,
  temporal_server: TEMPORAL_SERVER,
  temporal_sdk: TEMPORAL_SDK,
  jaeger: JAEGER,
  prometheus: PROMETHEUS,
  alertmanager: ALERTMANAGER,
  loki: LOKI,
  rules: OBJECTIVE_RECORDS,
};
