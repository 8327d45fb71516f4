import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, WorkflowNotFoundError } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { v7 as uuidv7 } from 'uuid';
import { withFailures } from '../../activities/failures.ts';
import {
  type IncidentClient,
  signalBeat,
  commandIncident,
  describeIncident,
  heartbeatWorkflowId,
  tellAlerts,
} from '../../activities/incidents/client.ts';
import type { ContactActivities } from '../../activities/incidents/contact-contract.ts';
import type { HeartbeatActivities, IncidentActivities, PageQuestion } from '../../activities/incidents/contract.ts';
import { createOpenFromHeartbeat } from '../../activities/incidents/open-from-heartbeat.ts';
import { targetsAt } from '../../activities/incidents/resolve-targets.ts';
import { createSignalIncident } from '../../activities/incidents/signal-incident.ts';
import { contactWorkflowId, createTellContact } from '../../activities/incidents/tell-contact.ts';
import { createTellOutcomes } from '../../activities/incidents/tell-outcomes.ts';
import { INCIDENTS_ENTRY, type LoadedBundle, loadWorkflowBundle } from '../../bin/workflow-bundle.ts';
import { UnmogrowpError } from '../../errors.ts';
import { type AlertGroup, incidentWorkflowId, referenceOf } from '../../incidents/http/alert-group.ts';
import { type MaintenanceWindow, maintenanceOf } from '../../incidents/maintenance.ts';
import type { Override } from '../../incidents/oncall/who.ts';
import type { LoadedPolicy } from '../../incidents/policy/load.ts';
import { parsePolicy } from '../../incidents/policy/parse.ts';
import type { PolicyDocument } from '../../incidents/policy/schema.ts';
import { snapshotFor } from '../../incidents/policy/take-snapshot.ts';
import type { IncidentOpening } from '../../incidents/state/state.ts';
import type {
  AlertReference,
  ContactReference,
  IncidentCommand,
  IncidentCommandName,
  NoticeKind,
  Severity,
  TimelineEntry,
} from '../../incidents/types.ts';
import type {
  AlertsAnswer,
  AlertsMessage,
  CommandAnswer,
  IncidentDescription,
  IncidentInput,
} from '../../workflows/incident-messages.ts';
import { executionsOf, until } from '../windows/lives.ts';
import { startTimeSkipping, testPlugin } from '../windows/time-skipping.ts';
import { inLanes } from './in-lanes.ts';
import { type PolicyParts, policyText } from './policy-text.ts';

/** A message that left the platform. */
export interface SentMessage {
  readonly contact: ContactReference;
  readonly keys: readonly string[];
  readonly kinds: readonly NoticeKind[];
  readonly texts: readonly string[];
  readonly atMs: number;
}

let bundle: Promise<LoadedBundle> | undefined;
const bundleOnce = (): Promise<LoadedBundle> => (bundle ??= loadWorkflowBundle(testPlugin, { entry: INCIDENTS_ENTRY }));

/** A server whose clock jumps; the workflows are bundled before any test begins to count its time. */
export async function startForIncidents(): Promise<TestWorkflowEnvironment> {
  await bundleOnce();
  return startTimeSkipping();
}

/**
 * The edge of the platform as it was asked: what the real activities would do to databases and channels is only written
 * down. Everything in between is real: workflows, hand-over, outcomes, schedules, conditions, matchers.
 */
export interface Edge {
  readonly sent: SentMessage[];
  readonly entries: TimelineEntry[];
  readonly pagesAsked: PageQuestion[];
  readonly overrides: Override[];
  readonly maintenance: MaintenanceWindow[];
  /** Contacts that no message reaches. */
  readonly broken: Set<ContactReference>;
  /** Whether the store of timelines, overrides and maintenance answers. */
  isStoreAway: boolean;
  /** What a page waits for. */
  page: () => Promise<string>;
}

/** How an incident of a test is opened. */
export interface GroupParts {
  readonly group?: string;
  readonly severity?: Severity;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Far more than an answer takes. */
const ANSWER_MS_MAX = 20_000;
const ATTEMPTS_MAX = 4;

export class IncidentsOnTest {
  readonly edge: Edge = {
    sent: [],
    entries: [],
    pagesAsked: [],
    overrides: [],
    maintenance: [],
    broken: new Set(),
    isStoreAway: false,
    page: () => Promise.resolve('what was found'),
  };
  readonly environment: TestWorkflowEnvironment;
  readonly client: IncidentClient;
  document: PolicyDocument;
  readonly #workflows = new Set<string>();
  readonly #suffix = randomUUID().slice(0, 8);
  readonly tenant = `tenant-${randomUUID().slice(0, 8)}`;

  constructor(environment: TestWorkflowEnvironment, parts: PolicyParts) {
    this.environment = environment;
    this.client = { temporal: environment.client, taskQueue: `test-${randomUUID()}` };
    this.document = this.parse(parts);
  }

  /** The name of a person, channel or schedule that nobody else has: contacts live longer than a test. */
  name(id: string): string {
    return `${id}-${this.#suffix}`;
  }

  parse(parts: PolicyParts): PolicyDocument {
    const text = policyText(parts, (id) => this.name(id));
    const { document, problems } = parsePolicy(text);
    if (document === undefined) throw new Error(`${JSON.stringify(problems)}\n${text}`);
    return document;
  }

  /** Runs `work` while a worker serves the incidents, and ends what is left of them. */
  async run<Result>(work: () => Promise<Result>, options: { maxCachedWorkflows?: number } = {}): Promise<Result> {
    const worker = await Worker.create({
      connection: this.environment.nativeConnection,
      taskQueue: this.client.taskQueue,
      workflowBundle: await bundleOnce(),
      plugins: [testPlugin],
      activities: this.activities(),
      maxHeartbeatThrottleInterval: 100,
      shutdownGraceTime: 0,
      ...options,
    });
    return worker.runUntil(async () => {
      try {
        return await work();
      } finally {
        await this.#endAll();
      }
    });
  }

  /** All I/O: what leaves the platform or needs a database is written down, the rest is real. */
  activities(): IncidentActivities & ContactActivities & HeartbeatActivities {
    const { edge, client } = this;
    const policy = { current: () => ({ ...this.loaded }) };
    return withFailures<IncidentActivities & ContactActivities & HeartbeatActivities>(
      {
        findMaintenance: ({ labels, atMs }) => {
          if (edge.isStoreAway) return Promise.reject(storeAway());
          const found = maintenanceOf(edge.maintenance, labels, atMs);
          return Promise.resolve({ maintenanceId: found?.maintenanceId ?? null, untilMs: found?.toMs ?? null });
        },
        resolveTargets: (question) => {
          const overrides = edge.isStoreAway
            ? []
            : edge.overrides.filter(({ fromMs, toMs }) => fromMs <= question.atMs && question.atMs < toMs);
          const targets = targetsAt(this.document, question, overrides);
          return Promise.resolve({ targets, areOverridesKnown: !edge.isStoreAway });
        },
        gatherPage: async (question) => {
          edge.pagesAsked.push(question);
          return { text: await edge.page(), durationMs: 1, unavailable: '' };
        },
        tellContact: createTellContact({ client, policy, environment: { CHAT_URL: 'http://127.0.0.1:1' } }),
        recordEntries: ({ entries }) => {
          if (edge.isStoreAway) return Promise.reject(storeAway());
          const known = new Set(edge.entries.map(({ entryId }) => entryId));
          edge.entries.push(...entries.filter(({ entryId }) => !known.has(entryId)));
          return Promise.resolve();
        },
        signalIncident: createSignalIncident({ client }),
        sendMessage: async ({ contact, told }) => {
          if (edge.broken.has(contact)) throw new UnmogrowpError('channel_refused', 'Nobody is there.');
          edge.sent.push({
            contact,
            keys: told.map(({ notice }) => notice.deliveryKey),
            kinds: told.map(({ notice }) => notice.kind),
            texts: told.map(({ notice }) => notice.text),
            atMs: await this.nowMs(),
          });
          return { channel: contact.endsWith('/mail') ? 'email' : 'slack' };
        },
        tellOutcomes: createTellOutcomes({ temporal: client.temporal }),
        openFromHeartbeat: createOpenFromHeartbeat({
          policy,
          openOrUpdate: (group) => this.openOrUpdate(group),
          nowMs: Date.now,
        }),
      },
      () => undefined,
    );
  }

  /**
   * Alerts of a group, as any source tells them: again when there is no answer. The server that skips time loses one now and
   * then.
   */
  async alerts(told: readonly AlertReference[], parts: GroupParts = {}): Promise<AlertsAnswer> {
    const { connection } = this.client.temporal;
    const opening = this.opening(parts);
    for (let attempt = 1; ; attempt += 1) {
      try {
        const deadline = Date.now() + ANSWER_MS_MAX;
        return await connection.withDeadline(deadline, () => tellAlerts(this.client, { alerts: told, opening }));
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || !(error instanceof UnmogrowpError && error.retryable)) throw error;
      }
    }
  }

  /** The same, with an incident that continues as new when its history has become so long. */
  alertsContinuing(told: readonly AlertReference[], continueAsNewAfterEvents: number): Promise<AlertsAnswer> {
    const opening = this.opening();
    const { temporal, taskQueue } = this.client;
    type Workflow = (input: IncidentInput) => Promise<void>;
    return temporal.workflow.executeUpdateWithStart<Workflow, AlertsAnswer, [AlertsMessage]>('alerts', {
      startWorkflowOperation: new WithStartWorkflowOperation<Workflow>('incident', {
        workflowId: opening.workflowId,
        taskQueue,
        args: [{ version: 1, continueAsNewAfterEvents }],
        workflowIdConflictPolicy: 'USE_EXISTING',
      }),
      args: [{ version: 1, alerts: told, opening }],
    });
  }

  async command(
    command: { readonly name: IncidentCommandName; readonly actor?: string; readonly [detail: string]: unknown },
    parts: GroupParts = {},
  ): Promise<CommandAnswer> {
    const { incident } = await this.describe(parts);
    return commandIncident(this.client, this.workflowId(parts), {
      incidentId: incident.incidentId,
      command: { actor: this.name('ada'), via: 'cli', ...command } as IncidentCommand,
      commandId: randomUUID(),
    });
  }

  async describe(parts: GroupParts = {}): Promise<IncidentDescription> {
    const found = await describeIncident(this.client, this.workflowId(parts));
    if (found === undefined) throw new Error('there is no such incident');
    return found;
  }

  beat(name: string, every: { everyMs: number; graceMs: number }): Promise<void> {
    this.#workflows.add(heartbeatWorkflowId(this.tenant, name));
    return signalBeat(this.client, { tenant: this.tenant, name, ...every });
  }

  sleep(ms: number): Promise<void> {
    return this.environment.sleep(ms);
  }

  nowMs(): Promise<number> {
    return this.environment.currentTimeMs();
  }

  /** Lets time go by until the incident has ended and everything of it is written down; gives when that was. */
  async end(parts: GroupParts = {}): Promise<number> {
    const handle = this.client.temporal.workflow.getHandle(this.workflowId(parts));
    await handle.result();
    // The clock may have gone on for years before anybody could hold it.
    return (await handle.describe()).closeTime?.getTime() ?? 0;
  }

  async executions(parts: GroupParts = {}): Promise<number> {
    return (await executionsOf(this.environment, { workflowId: this.workflowId(parts) })).length;
  }

  workflowId({ group = 'group' }: GroupParts = {}): string {
    const workflowId = incidentWorkflowId(this.tenant, group);
    this.#workflows.add(workflowId);
    return workflowId;
  }

  opening(parts: GroupParts = {}): IncidentOpening {
    const { severity = 'critical', labels = { alertname: 'SinkDelayed' } } = parts;
    const policy = snapshotFor(this.loaded, { ...labels, severity, tenant: this.tenant });
    if (policy === undefined) throw new Error('no policy takes it');
    return {
      incidentId: uuidv7(),
      workflowId: this.workflowId(parts),
      tenant: this.tenant,
      title: 'SinkDelayed',
      severity,
      source: 'alertmanager',
      labels,
      policy,
      previousIncidentId: this.edge.entries.at(-1)?.incidentId ?? null,
    };
  }

  /** Who was sent what, in its order: `ada/chat 1/1/1`. */
  get told(): string[] {
    return this.edge.sent.flatMap(({ contact, keys }) =>
      keys.map((key) => {
        const what = key.slice(key.indexOf('/') + 1, -contact.length - 1);
        return `${this.#plain(contact)} ${what}`;
      }),
    );
  }

  /** Kinds of the timeline, in the order of their numbers; of one incident, or of all in their order. */
  kinds(incidentId?: string): string[] {
    const entries = this.edge.entries.filter((entry) => incidentId === undefined || entry.incidentId === incidentId);
    const numberOf = ({ entryId }: TimelineEntry): number => Number(entryId.split('/')[1]);
    return entries.toSorted((left, right) => numberOf(left) - numberOf(right)).map(({ kind }) => kind);
  }

  get loaded(): LoadedPolicy {
    return { document: this.document, version: '0123456789ab', file: '', readAtMs: 0, problems: [], isOutdated: false };
  }

  async openOrUpdate(group: AlertGroup): Promise<string | null> {
    const policy = snapshotFor(this.loaded, { ...group.labels, tenant: group.tenant });
    if (policy === undefined) throw new Error('no policy takes it');
    const { tenant, title, severity, source, labels, groupKey, alerts } = group;
    const workflowId = incidentWorkflowId(tenant, groupKey);
    const opening = { incidentId: uuidv7(), workflowId, tenant, title, severity, source, labels, policy };
    const told = { opening: { ...opening, previousIncidentId: null }, alerts: alerts.map(referenceOf) };
    return (await tellAlerts(this.client, told)).incidentId;
  }

  #plain(contact: ContactReference): string {
    return contact.replace(/^person:/, '').replaceAll(`-${this.#suffix}`, '');
  }

  /**
   * What nobody serves any more would hold the clock, and contacts would wait for an hour of silence. They are asked to end
   * while somebody serves them: the server that skips time never lets go of a decision that was waited for when its workflow
   * is terminated, and then its clock jumps no more.
   */
  async #endAll(): Promise<void> {
    const contacts = [
      ...this.document.people.flatMap(({ id }) => [`person:${id}/chat`, `person:${id}/mail`] as const),
      ...this.document.channels.map(({ id }) => `channel:${id}` as const),
    ];
    const workflows = [...contacts.map(contactWorkflowId), ...this.#workflows];
    await inLanes(workflows, (workflowId) => this.#endOne(workflowId));
  }

  async #endOne(workflowId: string): Promise<void> {
    const handle = this.client.temporal.workflow.getHandle(workflowId);
    try {
      await handle.cancel();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return;
      throw error;
    }
    await until(async () => (await handle.describe()).status.name !== 'RUNNING');
  }
}

const storeAway = (): UnmogrowpError => new UnmogrowpError('postgres_unavailable', 'PostgreSQL is away.');
