import type { Command } from 'commander';
import { HOUR_MS } from '../../activities/ledger-hours.ts';
import { readLedger } from '../../activities/ledger-queries.ts';
import { insertHours } from '../../activities/store-ledger.ts';
import { UnmogrowpError } from '../../errors.ts';
import { LOSSES, sumOf } from '../../events/ledger.ts';
import { acceptLoss } from '../../postgres/accepted-losses.ts';
import { loadSettings } from '../../postgres/settings.ts';
import { allAddsUp, ledgerJson, printLedger, readMeasuredLedger } from '../ledger.ts';
import { countText, printJson, printLine } from '../output.ts';
import { type WhoAndWhy, byOption } from '../replay/options.ts';
import { withStores } from '../stores.ts';
import { readWindowStart, windowText } from '../window-time.ts';

const APPLICATION = 'unmogrowp reconcile';
const HOURS_DEFAULT = 24;

interface ReconcileOptions {
  tenant?: string;
  from?: string;
  to?: string;
  json?: boolean;
}

/** `unmogrowp reconcile`: the ledger. */
export function register(program: Command): void {
  const reconcile = program
    .command('reconcile')
    .description(
      'compares, by tenant and hour of receipt, what was accepted with what became of it; exit code 1 when a side does not add up',
    )
    .enablePositionalOptions()
    .option('--tenant <id>', 'only one tenant')
    .option('--from <time>', `only what was received then or later; without it ${HOURS_DEFAULT} hours before --to`)
    .option('--to <time>', 'only what was received before; without it now')
    .option('--json', 'print JSON')
    .action(show);
  reconcile
    .command('accept <tenant> <hour>')
    .description('bears the loss of an hour of receipt that nothing can bring back: windows are published without it')
    .addOption(byOption())
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .action(accept);
}

async function show(options: ReconcileOptions): Promise<void> {
  const { tenant: tenantId = '' } = options;
  const toMs = Math.ceil((options.to === undefined ? Date.now() : readWindowStart(options.to)) / HOUR_MS) * HOUR_MS;
  const fromMs = options.from === undefined ? toMs - HOURS_DEFAULT * HOUR_MS : readHour(options.from);
  if (fromMs >= toMs) throw new UnmogrowpError('window_invalid', '--from has to lie before --to.');
  const ledger = await withStores(APPLICATION, async (stores) => {
    if (tenantId !== '') await loadSettings(stores.pool, tenantId);
    return readMeasuredLedger(stores, { tenantId, fromMs, toMs });
  });
  if (options.json === true) printJson(ledgerJson(ledger));
  else printLedger(ledger);
  if (!allAddsUp(ledger)) process.exitCode = 1;
}

const readHour = (text: string): number => Math.floor(readWindowStart(text) / HOUR_MS) * HOUR_MS;

async function accept(tenantId: string, hour: string, { by, reason }: WhoAndWhy): Promise<void> {
  const hourMs = readHour(hour);
  const events = await withStores(APPLICATION, async ({ clickhouse, pool }) => {
    await loadSettings(pool, tenantId);
    const [measured] = await readLedger(clickhouse, { tenantId, fromMs: hourMs, toMs: hourMs + HOUR_MS });
    const lost = measured === undefined ? 0 : sumOf(measured.differences, LOSSES);
    if (measured === undefined || lost === 0) {
      throw new UnmogrowpError(
        'window_invalid',
        `Nothing of ${tenantId} is known to be lost at ${windowText(hourMs)}.`,
      );
    }
    await acceptLoss(pool, { tenantId, hourMs, events: lost, acceptedBy: by, reason });
    // Its windows hear of it with the next measures.
    await insertHours({ clickhouse }, [{ ...measured, isTold: false, measuredAtMs: measured.measuredAtMs + 1 }]);
    return lost;
  });
  printLine(`${countText(events, 'event')} of ${windowText(hourMs)} may be missing: windows are published without.`);
}
