import { registerHooks } from 'node:module';

/** Gives a worker that is loaded after this the workflows of another release: a module in the place of its bundle's. */
export function releaseBundle(moduleUrl: string): void {
  registerHooks({
    resolve(specifier, context, next) {
      const isBundle =
        specifier.endsWith('/workflow-bundle.ts') && context.parentURL?.endsWith('/bin/worker.ts') === true;
      return next(isBundle ? moduleUrl : specifier, context);
    },
  });
}
