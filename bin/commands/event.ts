import { type Command, InvalidArgumentError } from 'commander';
import { createClickHouse } from '../../clickhouse/client.ts';
import { parseEnv } from '../../env.ts';
import { EVENT_ID_PATTERN } from '../../events/limits.ts';
import { createPostgresPool } from '../../postgres/pool.ts';
import { clickHouseConnection } from '../clickhouse-connection.ts';
import { findEvent } from '../event-facts.ts';
import { absentJson, eventJson } from '../event-json.ts';
import { printAbsence, printFacts } from '../event-text.ts';
import { printJson } from '../output.ts';

const APPLICATION = 'unmogrowp event';

interface Options {
  tenant?: string;
  json?: boolean;
}

/** `unmogrowp event`: everything that is known about one event, or why it is not there. */
export function register(program: Command): void {
  program
    .command('event')
    .description('everything known about one event: request, Kafka, rows, window, credits; or why it is not there')
    .argument('<event_id>', 'the UUID that the client sent or was given', eventIdOf)
    .option('--tenant <id>', 'only of this tenant')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit codes: 0 it is in ClickHouse, 1 it is not.')
    .action(async (eventId: string, options: Options) => {
      await event(eventId, options);
      // A broker that hangs would keep the process for minutes after the answer.
      process.exit();
    });
}

async function event(eventId: string, options: Options): Promise<void> {
  const env = parseEnv(process.env);
  const pool = createPostgresPool({ url: env.POSTGRES_URL, applicationName: APPLICATION, connectionsMax: 2 });
  const clickhouse = createClickHouse(clickHouseConnection(env, APPLICATION));
  try {
    const found = await findEvent({ env, clickhouse, pool, eventId, tenantId: options.tenant });
    if (!Array.isArray(found)) process.exitCode = 1;
    if (options.json === true) printJson(Array.isArray(found) ? found.map(eventJson) : [absentJson(eventId, found)]);
    else if (Array.isArray(found)) found.forEach(printFacts);
    else printAbsence(eventId, options.tenant, found);
  } finally {
    await clickhouse.close();
    await pool.end();
  }
}

function eventIdOf(text: string): string {
  if (!EVENT_ID_PATTERN.test(text)) throw new InvalidArgumentError('An event_id is a UUID.');
  return text.toLowerCase();
}
