/** Loaded before a worker (`node --import`): gives it the workflows of a careless release. */
import { registerHooks } from 'node:module';

const BROKEN = new URL('./broken-bundle.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, next) {
    const isBundle =
      specifier.endsWith('/workflow-bundle.ts') && context.parentURL?.endsWith('/bin/worker.ts') === true;
    return next(isBundle ? BROKEN : specifier, context);
  },
});
