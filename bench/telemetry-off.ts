import { registerHooks } from 'node:module';

/** Loaded before a process of ours: its metrics then count nothing. There is no setting for that. */
const NOTHING = new URL('./metrics-of-nothing.ts', import.meta.url).href;
/** The library, and what measures in front of it. */
const COUNTING: ReadonlySet<string> = new Set(['prom-client', './counter.ts', './histogram.ts']);

registerHooks({
  resolve: (specifier, context, next) =>
    COUNTING.has(specifier)
      ? { url: NOTHING, format: 'module-typescript', shortCircuit: true }
      : next(specifier, context),
});
