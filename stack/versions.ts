/**
 * The pinned version of every real part: also the name of its folder in the cache, so a new version never meets the
 * build of an old one. The wrapper files (`kafka/pom.xml`, `jaeger/go.mod`, …) hold the same numbers; a test compares.
 */
export const VERSIONS = {
  kafka: '4.4.0',
  /** The command line program with the server inside, and the SQLite below it, whose own choice breaks (`temporal/go.mod`). */
  temporal: '1.5.1-sqlite-1.44.3',
  jaeger: '1.76.0',
  /** Release 3.16.0 is the Go module v0.316.0. */
  prometheus: '3.16.0',
  /** The last whose module holds its web page. */
  alertmanager: '0.31.1',
  loki: '3.7.8',
  temporalTestServer: '1.38.0',
} as const;

/** What a program found on the PATH must at least be to serve instead of our own build. */
export const VERSIONS_ON_PATH_MIN = {
  kafka: '4.0.0',
  /** The server inside the Temporal CLI: priority and fairness came with 1.29. */
  temporalServer: '1.29.0',
  /** Released Jaeger binaries count from 2.0 (module v1.76.0 is release 2.13). */
  jaeger: '2.13.0',
  /** Ranges are open on the left since 3.0: the tests of the rules count on it. */
  prometheus: '3.0.0',
  alertmanager: '0.27.0',
  loki: '3.0.0',
} as const;

/** True when `version` is at least `minimum`; both are dotted numbers, anything after them is ignored. */
export function versionAtLeast(version: string, minimum: string): boolean {
  const numbers = (text: string) => (/\d+(\.\d+)*/.exec(text)?.[0] ?? '0').split('.').map(Number);
  const [found, wanted] = [numbers(version), numbers(minimum)];
  for (let index = 0; index < Math.max(found.length, wanted.length); index += 1) {
    const difference = (found[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
