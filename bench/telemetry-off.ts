import { registerHooks } from 'node:module';

/** Loaded before a process of ours: its metrics then count nothing. There is no setting for that. */
const NOTHING = new URL('./metrics-of-nothing.ts', import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'prom-client' || specifier === './tally.ts'
      ? { url: NOTHING, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});
