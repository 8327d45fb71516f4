import type { Command } from 'commander';
import { HOUR_MS } from '../../activities/ledger-hours.ts';
import { UnmogrowpError } from '../../errors.ts';
import { loadSettings } from '../../postgres/settings.ts';
import { addsUp, ledgerJson, printLedger, readMeasuredLedger } from '../ledger.ts';
import { printJson } from '../output.ts';
import { withStores } from '../stores.ts';
import { readWindowStart } from '../window-time.ts';

const HOURS_DEFAULT = 24;

interface ReconcileOptions {
  tenant?: string;
  from?: string;
  to?: string;
  json?: boolean;
}

/** `unmogrowp reconcile`: the ledger. */
export function register(program: Command): void {
  program
    .command('reconcile')
    .description(
      'compares, by tenant and hour of receipt, what was accepted with what became of it; exit code 1 when events are lost',
    )
    .option('--tenant <id>', 'only one tenant')
    .option('--from <time>', `only what was received then or later; without it ${HOURS_DEFAULT} hours before --to`)
    .option('--to <time>', 'only what was received before; without it now')
    .option('--json', 'print JSON')
    .action(reconcile);
}

async function reconcile(options: ReconcileOptions): Promise<void> {
  const { tenant: tenantId = '' } = options;
  const toMs = Math.ceil((options.to === undefined ? Date.now() : readWindowStart(options.to)) / HOUR_MS) * HOUR_MS;
  const fromMs = options.from === undefined ? toMs - HOURS_DEFAULT * HOUR_MS : readHour(options.from);
  if (fromMs >= toMs) throw new UnmogrowpError('window_invalid', '--from has to lie before --to.');
  const ledger = await withStores('unmogrowp reconcile', async (stores) => {
    if (tenantId !== '') await loadSettings(stores.pool, tenantId);
    return readMeasuredLedger(stores, { tenantId, fromMs, toMs });
  });
  if (options.json === true) printJson(ledgerJson(ledger));
  else printLedger(ledger);
  if (!ledger.hours.every(addsUp)) process.exitCode = 1;
}

const readHour = (text: string): number => Math.floor(readWindowStart(text) / HOUR_MS) * HOUR_MS;
