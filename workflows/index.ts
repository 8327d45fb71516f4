/** Everything that the worker's bundle holds: one export for each workflow type. */
export { audit } from './audit.ts';
export { ledger } from './ledger.ts';
export { reconcile } from './reconcile.ts';
export { replay } from './replay.ts';
export { window } from './window.ts';
