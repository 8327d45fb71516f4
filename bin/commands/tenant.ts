import { type Command, InvalidArgumentError } from 'commander';
import { toIso } from '../../activities/window-range.ts';
import { parseEnv } from '../../env.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type Settings, type SettingsVersion, settingsSchema } from '../../events/settings.ts';
import { type PostgresPool, createPostgresPool } from '../../postgres/pool.ts';
import { changeSettings, invalidSettings, loadSettings } from '../../postgres/settings.ts';
import { createTenant, limitTenant, loadTenants } from '../../postgres/tenants.ts';
import { rotateKey } from '../../postgres/write-keys.ts';
import { readSettings, settingsHelp } from '../settings-input.ts';
import { readWindowStart } from '../window-time.ts';
import { positiveInteger } from '../number-option.ts';
import { printJson, printLine, printProgress, printTable } from '../output.ts';

interface JsonOption {
  json?: boolean;
}

interface SettingsOptions extends JsonOption {
  set?: string[];
  settings?: string;
  file?: string;
}

/** `unmogrowp tenant`: who may send events, and how their conversions are attributed. */
export function register(program: Command): void {
  const tenant = program.command('tenant').description('tenants, their write keys and their attribution settings');
  registerCreate(tenant);
  registerList(tenant);
  registerKey(tenant);
  registerSettings(tenant);
  registerLimit(tenant);
}

function registerCreate(tenant: Command): void {
  tenant
    .command('create <id>')
    .description('makes a tenant and prints its write key, this one time')
    .option('--settings <file>', 'attribution settings as JSON')
    .option('--set <key=value...>', 'single settings, over those of the file')
    .option('--events-per-second <number>', 'limit for each ingest process', positiveInteger(9))
    .option('--json', 'print JSON')
    .addHelpText('after', settingsHelp)
    .action(async (id: string, options: SettingsOptions & { eventsPerSecond?: number }) => {
      const settings = parseSettings(readSettings(options.settings, options.set));
      const limit = options.eventsPerSecond === undefined ? {} : { eventsPerSecondMax: options.eventsPerSecond };
      const created = await withPool((pool) => createTenant(pool, { tenantId: id, settings, ...limit }));
      if (options.json === true) printJson(created);
      else printWriteKey(created.write_key);
    });
}

function registerList(tenant: Command): void {
  tenant
    .command('list')
    .description('all tenants with the prefixes of their valid write keys')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption) => {
      const tenants = await withPool(loadTenants);
      if (options.json === true) {
        printJson(tenants);
        return;
      }
      printTable(
        ['tenant', 'created', 'windows', 'settings', 'events/s', 'write keys'],
        tenants.map((entry) => [
          entry.tenant_id,
          entry.created_at.toISOString().slice(0, 19),
          entry.settings.granularity,
          entry.settings_version,
          entry.events_per_second_max,
          entry.key_prefixes.map((prefix) => `${prefix}…`).join(' '),
        ]),
      );
    });
}

function registerKey(tenant: Command): void {
  tenant
    .command('key')
    .description('write keys of a tenant')
    .command('rotate <id>')
    .description('makes a new write key, prints it this one time, and revokes the older ones')
    .option('--grace <seconds>', 'how long the older keys still work', nonNegativeInteger, 0)
    .option('--json', 'print JSON')
    .action(async (id: string, options: JsonOption & { grace: number }) => {
      const rotated = await withPool((pool) => rotateKey(pool, id, { graceSeconds: options.grace }));
      if (options.json === true) {
        printJson({ tenant_id: id, ...rotated, grace_seconds: options.grace });
        return;
      }
      printWriteKey(rotated.write_key);
      printProgress(`Older keys: ${rotated.revoked}, refused ${options.grace + 10} s from now at the latest.`);
    });
}

function registerSettings(tenant: Command): void {
  tenant
    .command('settings <id>')
    .description('shows the attribution settings of a tenant, or stores changed ones as a new version')
    .option('--set <key=value...>', 'settings to change')
    .option('--file <file>', 'settings to change, as JSON')
    .option('--from <time>', 'for windows that begin then or later; without it for all that are not published yet')
    .option('--json', 'print JSON')
    .addHelpText('after', settingsHelp)
    .action(async (id: string, options: SettingsOptions & { from?: string }) => {
      const changes = readSettings(options.file, options.set);
      const isChange = Object.keys(changes).length > 0;
      const from = options.from === undefined ? undefined : new Date(readWindowStart(options.from));
      if (from !== undefined && !isChange) throw nothingToChange();
      const current = await withPool((pool) =>
        isChange ? changeSettings(pool, id, changes, from) : loadSettings(pool, id),
      );
      if (options.json === true) printJson(current);
      else printSettings(current);
    });
}

const nothingToChange = (): UnmogrowpError =>
  new UnmogrowpError('settings_invalid', '--from says when changes begin to apply: name some with --set or --file.');

function registerLimit(tenant: Command): void {
  tenant
    .command('limit <id>')
    .description('sets how many events a second each ingest process takes from a tenant')
    .requiredOption('--events-per-second <number>', 'limit for each ingest process', positiveInteger(9))
    .option('--json', 'print JSON')
    .action(async (id: string, options: JsonOption & { eventsPerSecond: number }) => {
      const limit = options.eventsPerSecond;
      await withPool((pool) => limitTenant(pool, id, limit));
      if (options.json === true) printJson({ tenant_id: id, events_per_second_max: limit });
      else printProgress(`${id}: ${limit} events a second for each ingest process`);
    });
}

async function withPool<Result>(work: (pool: PostgresPool) => Promise<Result>): Promise<Result> {
  const pool = createPostgresPool({
    url: parseEnv(process.env).POSTGRES_URL,
    applicationName: 'unmogrowp tenant',
  });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

function printWriteKey(writeKey: string): void {
  printProgress('The write key is shown only now; it is stored as a hash:');
  printLine(writeKey);
}

function printSettings({ version, settings, applies_from: from }: SettingsVersion): void {
  printProgress(
    `version ${version}${from === null ? '' : `, for windows that begin at ${toIso(from.getTime())} or later`}`,
  );
  printTable(
    ['setting', 'value'],
    Object.entries(settings).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : String(value)]),
  );
}

function parseSettings(input: Record<string, unknown>): Settings {
  const parsed = settingsSchema.safeParse(input);
  if (!parsed.success) throw invalidSettings(parsed.error.issues);
  return parsed.data;
}

function nonNegativeInteger(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}
