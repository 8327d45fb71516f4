import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildOnce, cacheDirectory, cachedFolder } from './cache.ts';
import { mavenCopy } from './parts/kafka-jars.ts';
import { reporterFor } from './progress.ts';
import { JAVA, MAVEN, missingToolsError, problemWith, type MissingTool } from './toolchain.ts';
import type { OnProgress, Variables } from './types.ts';
import { VERSIONS } from './versions.ts';

const TITLE = "Temporal's test server";
const VARIABLES = ['TEMPORAL_TEST_SERVER'];

/** The SDK starts it with the port as the argument and expects it within 5 s: hence the quick compiler and small heap. */
const SCRIPT = `#!/bin/sh
folder=$(dirname "$(readlink -f "$0")")
exec java -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp "$folder/lib/*" io.temporal.testserver.TestServer "$@"
`;

/**
 * The path of a program that starts Temporal's time-skipping server, for
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`.
 *
 * Taken from TEMPORAL_TEST_SERVER, the cache, or Maven; only tests ask for it, so `startStack` never does.
 */
export async function obtainTemporalTestServer(environment: Variables, onProgress?: OnProgress): Promise<string> {
  const given = environment['TEMPORAL_TEST_SERVER'];
  if (given) return given;
  const folder = cachedFolder(environment, 'temporal-test-server', VERSIONS.temporalTestServer);
  const tools = existsSync(folder) ? [JAVA] : [JAVA, MAVEN];
  const missing: MissingTool[] = [];
  for (const tool of tools) {
    const problem = await problemWith(tool, environment);
    if (problem !== undefined) missing.push({ tool, problem, neededFor: TITLE, variables: VARIABLES });
  }
  if (missing.length > 0) throw missingToolsError(missing);
  const report = reporterFor('test-server', onProgress);
  const { signal } = new AbortController();
  await buildOnce({
    folder,
    report,
    signal,
    build: async (building) => {
      report('downloading', `${TITLE} ${VERSIONS.temporalTestServer} by Maven (about 59 MB)`);
      await mavenCopy({
        pom: fileURLToPath(new URL('./temporal-test-server/pom.xml', import.meta.url)),
        title: TITLE,
        building,
        environment,
        logFile: join(cacheDirectory(environment), 'temporal-test-server-build.log'),
        signal,
      });
      writeFileSync(join(building, 'temporal-test-server'), SCRIPT);
      chmodSync(join(building, 'temporal-test-server'), 0o755);
    },
  });
  report('ready', folder);
  return join(folder, 'temporal-test-server');
}
