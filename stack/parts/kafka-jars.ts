import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cachedFolder, buildOnce, runBuildCommand, waitForLock } from '../cache.ts';
import { reach, waitUntilHealthy } from '../health.ts';
import { LOOPBACK, openPortBook } from '../ports.ts';
import { findOnPath, JAVA, MAVEN } from '../toolchain.ts';
import type { Variables } from '../types.ts';
import { versionAtLeast, VERSIONS, VERSIONS_ON_PATH_MIN } from '../versions.ts';
import { serverProperties } from './kafka-properties.ts';
import { needed, plainEnvironment, type ObtainContext, type ObtainedPart, type PartPlan } from './part.ts';

const TRAINING_TIMEOUT_MS = 60_000;

/** Looks for an installed Kafka by its start script, then into the cache. Java is needed in every case. */
export function planKafka(environment: Variables): PartPlan {
  const installed = installedKafka(environment);
  if (installed !== undefined) return { source: 'path', ...installed, tools: [JAVA] };
  const folder = cachedFolder(environment, 'kafka', VERSIONS.kafka);
  if (existsSync(folder)) return { source: 'cache', version: VERSIONS.kafka, path: folder, tools: [JAVA] };
  return { source: 'build', version: VERSIONS.kafka, tools: [JAVA, MAVEN] };
}

/** The jars on this machine, with the class archive that halves the start of the JVM. */
export async function obtainKafka(context: ObtainContext): Promise<ObtainedPart> {
  const { plan, environment } = context;
  if (plan.source === 'path')
    return { source: 'path', version: plan.version, path: needed({ path: plan.path }, 'path') };
  const folder = cachedFolder(environment, 'kafka', VERSIONS.kafka);
  const source = await buildOnce({
    folder,
    report: context.report,
    signal: context.signal,
    build: (building) => copyJars(context, building),
  });
  if (!existsSync(archiveFile(folder))) await makeArchiveOnce(context, folder);
  return { source, version: VERSIONS.kafka, path: folder };
}

/** Sorted, and each jar by name: the class archive is valid only for exactly the class path it was made with. */
export function classPathOf(folder: string): string {
  const library = existsSync(join(folder, 'libs')) ? join(folder, 'libs') : join(folder, 'lib');
  const jars = readdirSync(library).filter((name) => name.endsWith('.jar'));
  return jars
    .sort()
    .map((name) => join(library, name))
    .join(delimiter);
}

/** JVM arguments that use the class archive when there is one; the JVM ignores one that does not fit it. */
export function archiveArguments(folder: string): string[] {
  const file = archiveFile(folder);
  return existsSync(file) ? [`-XX:SharedArchiveFile=${file}`, '-Xshare:auto', '-Xlog:cds=off'] : [];
}

/** A random id in the form that Kafka wants. The tool would take one that begins with a hyphen for an option. */
export function newClusterId(): string {
  const id = randomBytes(16).toString('base64url');
  return id.startsWith('-') ? newClusterId() : id;
}

/** Formats the storage of a new broker; one that is formatted already stays as it is. */
export async function formatStorage(options: {
  classPath: string;
  propertiesFile: string;
  environment: Variables;
  logFile: string;
  signal: AbortSignal;
}): Promise<void> {
  await runBuildCommand({
    title: 'The storage of Kafka',
    command: needed({ java: findOnPath('java', options.environment) }, 'java'),
    arguments: [
      '-Xshare:auto',
      '-XX:TieredStopAtLevel=1',
      '-cp',
      options.classPath,
      'kafka.tools.StorageTool',
      'format',
      '--standalone',
      '--ignore-formatted',
      '-t',
      newClusterId(),
      '-c',
      options.propertiesFile,
    ],
    workingDirectory: dirname(options.propertiesFile),
    environment: plainEnvironment(options.environment),
    logFile: options.logFile,
    signal: options.signal,
  });
}

const archiveFile = (folder: string) => join(folder, 'broker.jsa');

function installedKafka(environment: Variables): { version: string; path: string } | undefined {
  const script = findOnPath('kafka-server-start.sh', environment) ?? findOnPath('kafka-server-start', environment);
  if (script === undefined) return undefined;
  const folder = dirname(dirname(realpathSync(script)));
  const jar = existsSync(join(folder, 'libs'))
    ? readdirSync(join(folder, 'libs')).find((name) => /^kafka-server-\d.*\.jar$/.test(name))
    : undefined;
  const version = jar === undefined ? undefined : /kafka-server-(\d+(?:\.\d+)*)/.exec(jar)?.[1];
  if (version === undefined || !versionAtLeast(version, VERSIONS_ON_PATH_MIN.kafka)) return undefined;
  return { version, path: folder };
}

async function copyJars({ environment, logFile, report, signal }: ObtainContext, building: string): Promise<void> {
  report('downloading', `Kafka ${VERSIONS.kafka} by Maven (about 64 MB)`);
  await mavenCopy({
    pom: fileURLToPath(new URL('../kafka/pom.xml', import.meta.url)),
    title: 'Kafka',
    building,
    environment,
    logFile,
    signal,
  });
}

/** Puts the runtime jars of a committed pom.xml into `building/lib`. */
export async function mavenCopy(options: {
  pom: string;
  title: string;
  building: string;
  environment: Variables;
  logFile: string;
  signal: AbortSignal;
}): Promise<void> {
  copyFileSync(options.pom, join(options.building, 'pom.xml'));
  await runBuildCommand({
    title: options.title,
    command: needed({ mvn: findOnPath('mvn', options.environment) }, 'mvn'),
    arguments: ['-q', '-B', 'dependency:copy-dependencies'],
    workingDirectory: options.building,
    environment: options.environment,
    logFile: options.logFile,
    signal: options.signal,
  });
}

/**
 * Runs a broker once on throw-away data and lets the JVM write down the classes that it loaded. The archive only speeds
 * starts up, so a JVM that cannot make one is no failure.
 */
async function makeArchiveOnce(context: ObtainContext, folder: string): Promise<void> {
  const lock = await waitForLock({
    file: `${folder}.archive.lock`,
    signal: context.signal,
    onWait: () => context.report('waiting', 'for another program'),
  });
  const scratch = mkdtempSync(join(tmpdir(), 'unmogrowp-kafka-'));
  try {
    if (existsSync(archiveFile(folder))) return;
    context.report('preparing', 'the class archive of Kafka (once)');
    await recordClasses(context, folder, scratch);
  } catch {
    // Starts stay as slow as without it.
  } finally {
    rmSync(scratch, { recursive: true, force: true });
    lock.release();
  }
}

async function recordClasses(context: ObtainContext, folder: string, scratch: string): Promise<void> {
  const { environment, logFile, signal } = context;
  const ports = await openPortBook({ file: join(scratch, 'ports.json'), preferDefaults: false }).choose('kafka', {
    broker: 0,
    controller: 0,
  });
  const propertiesFile = join(scratch, 'server.properties');
  mkdirSync(join(scratch, 'data'));
  writeFileSync(propertiesFile, serverProperties({ dataDirectory: join(scratch, 'data'), ports }));
  const classPath = classPathOf(folder);
  await formatStorage({ classPath, propertiesFile, environment, logFile, signal });
  const draft = `${archiveFile(folder)}.${process.pid}.draft`;
  const broker = spawn(
    needed({ java: findOnPath('java', environment) }, 'java'),
    [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      `-XX:ArchiveClassesAtExit=${draft}`,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      classPath,
      'kafka.Kafka',
      propertiesFile,
    ],
    { cwd: scratch, env: plainEnvironment(environment), stdio: 'ignore', signal },
  );
  const exited = once(broker, 'exit');
  try {
    await waitUntilHealthy({
      check: () => reach(`${LOOPBACK}:${ports['broker']}`),
      timeoutMs: TRAINING_TIMEOUT_MS,
      giveUp: () => (broker.exitCode === null ? undefined : 'the broker ended'),
    });
  } finally {
    broker.kill('SIGTERM');
    await exited;
  }
  if (existsSync(draft)) renameSync(draft, archiveFile(folder));
}
