/** What of prom-client our processes use, and what counts before it, doing nothing. */
export class Gauge {
  set(): void {}
  remove(): void {}
}

export const createCounter = () => ({ metric: undefined, of: () => ({ inc: () => {} }) });

export const createHistogram = () => ({ metric: undefined, of: () => ({ observe: () => {} }) });

/** A page with nothing on it. */
export class Registry {
  static readonly OPENMETRICS_CONTENT_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
  readonly contentType = Registry.OPENMETRICS_CONTENT_TYPE;
  setContentType(): void {}
  registerMetric(): void {}
  metrics(): Promise<string> {
    return Promise.resolve('# EOF\n');
  }
}
