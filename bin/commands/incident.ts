import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseEnv } from '../../env.ts';
import { INCIDENT_STATUSES, type IncidentCommandName } from '../../incidents/types.ts';
import { type IncidentApi, createIncidentApi } from '../incident/api.ts';
import {
  incidentArgument,
  replayArgument,
  secondsArgument,
  targetArgument,
  timeArgument,
  whichIncident,
} from '../incident/options.ts';
import { printIncidents, printView, tellUnavailable } from '../incident/view-text.ts';
import { watchIncident } from '../incident/watch.ts';
import { INTERRUPTED_EXIT_CODE, onInterruption } from '../interruption.ts';
import { positiveInteger } from '../number-option.ts';
import { failWith, printJson, printLine, printProgress } from '../output.ts';
import { byOption } from '../replay/options.ts';
import { registerCheck } from './incident-check.ts';
import { registerMaintenance } from './incident-maintenance.ts';

const LIMIT_DEFAULT = 100;

interface JsonOption {
  json?: boolean;
}
interface WhoOption extends JsonOption {
  by: string;
}

const EXAMPLES = `
Examples:
  unmogrowp incident list
  unmogrowp incident ack                        the only one that is open
  unmogrowp incident snooze 01890a5d-ac96-774b-bcce-b302099a8057 --for 30m
  unmogrowp incident reassign 01890a5d-ac96-774b-bcce-b302099a8057 --to schedule:data
  unmogrowp incident note 01890a5d-ac96-774b-bcce-b302099a8057 "the disk is full"
  unmogrowp incident report 01890a5d-ac96-774b-bcce-b302099a8057 --output postmortem.md

It talks to the incidents process: INCIDENT_URL and INCIDENT_TOKEN, or the stack that runs here.
Exit codes: 0 done, 1 refused or failed, 130 no longer watched: the incident goes on.`;

/** `unmogrowp incident`: what is wrong now, who looks at it, and what was done. */
export function register(program: Command): void {
  const incident = program
    .command('incident')
    .description('incidents: what is wrong now, who looks at it, and what is done about it')
    .addHelpText('after', EXAMPLES);
  registerViews(incident);
  registerAnswers(incident);
  registerChanges(incident);
  registerWatch(incident);
  registerReport(incident);
  registerCheck(incident);
  registerMaintenance(incident);
}

const api = (): IncidentApi => createIncidentApi(parseEnv(process.env));

function registerViews(incident: Command): void {
  incident
    .command('list')
    .description('incidents that are open, the newest first')
    .option('--all', 'also those that have ended')
    .addOption(new Option('--status <status>', 'only those that stand there').choices(INCIDENT_STATUSES))
    .option('--tenant <id>', 'only those of one tenant')
    .option('--limit <number>', 'how many at most', positiveInteger(3), LIMIT_DEFAULT)
    .option('--json', 'print JSON')
    .action(list);
  incident
    .command('show')
    .argument('[id]', 'which incident (default: the only one that is open)', incidentArgument)
    .description('everything about an incident: where it stands, its alerts, and what happened')
    .option('--json', 'print JSON')
    .action(async (id: string | undefined, { json }: JsonOption) => {
      const client = api();
      const view = await client.view(await whichIncident(client, id));
      if (json === true) printJson(view);
      else printView(view);
    });
}

async function list(
  options: JsonOption & { all?: boolean; status?: string; tenant?: string; limit: number },
): Promise<void> {
  const status = options.status ?? (options.all === true ? undefined : 'open');
  const { incidents, unavailable } = await api().list({
    limit: String(options.limit),
    ...(status === undefined ? {} : { status }),
    ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
  });
  if (options.json === true) printJson({ incidents, unavailable });
  else if (incidents.length === 0) printLine(status === 'open' ? 'No incident is open.' : 'There are none.');
  else printIncidents(incidents);
  if (options.json !== true) tellUnavailable(unavailable);
}

/** A command that needs nothing but who gives it; without a name it is about the only incident that is open. */
function ofOpen(incident: Command, name: string, description: string): Command {
  return incident
    .command(name)
    .argument('[id]', 'which incident (default: the only one that is open)', incidentArgument)
    .description(description)
    .addOption(byOption())
    .option('--json', 'print JSON');
}

function registerAnswers(incident: Command): void {
  const plain = [
    ['ack', 'acknowledge', 'says that you look at it: nobody else is told for now'],
    ['unack', 'unacknowledge', 'takes that back: the ladder begins again at once'],
    ['escalate', 'escalate', 'goes on to the next step now'],
  ] as const;
  for (const [name, command, description] of plain) {
    ofOpen(incident, name, description).action((id: string | undefined, options: WhoOption) =>
      give(command, id, {}, options),
    );
  }
  ofOpen(incident, 'snooze', 'tells nobody for a while; if something still fires then, it begins again')
    .addOption(new Option('--for <length>', 'for so long, such as 30m').argParser(secondsArgument).conflicts('until'))
    .addOption(new Option('--until <time>', 'until then, such as 2026-01-05T10:00:00Z').argParser(timeArgument))
    .action((id: string | undefined, options: WhoOption & { for?: number; until?: string }, command: Command) =>
      options.for === undefined && options.until === undefined
        ? command.error('error: say for how long: --for or --until')
        : give('snooze', id, { seconds: options.for, until: options.until }, options),
    );
  ofOpen(incident, 'resolve', 'says that it is over, whatever still fires')
    .option('--text <text>', 'what it was')
    .action((id: string | undefined, options: WhoOption & { text?: string }) =>
      give('resolve', id, { text: options.text }, options),
    );
}

function registerChanges(incident: Command): void {
  const ofOne = (name: string, description: string): Command =>
    incident
      .command(name)
      .argument('<id>', 'which incident', incidentArgument)
      .description(description)
      .addOption(byOption())
      .option('--json', 'print JSON');
  ofOne('reassign', 'tells somebody else now; the ladder goes on from there')
    .requiredOption('--to <target>', 'person:NAME, schedule:NAME or channel:NAME of the policy', targetArgument)
    .action((id: string, options: WhoOption & { to: unknown }) =>
      give('reassign', id, { target: options.to }, options),
    );
  ofOne('note', 'writes something into the timeline')
    .argument('<text...>', 'what')
    .action((id: string, words: string[], options: WhoOption) => give('note', id, { text: words.join(' ') }, options));
  ofOne('merge', 'makes it a part of another incident, which it follows to its end')
    .requiredOption('--into <id>', 'the other one', incidentArgument)
    .action((id: string, options: WhoOption & { into: string }) =>
      give('merge', id, { into_incident_id: options.into }, options),
    );
  ofOne('link-replay', 'says which replay mends its windows; when that is published, the incident says so')
    .argument('<replay>', 'which replay', replayArgument)
    .action((id: string, replay: string, options: WhoOption) =>
      give('link_replay', id, { replay_id: replay }, options),
    );
}

async function give(
  name: IncidentCommandName,
  id: string | undefined,
  body: Record<string, unknown>,
  { by, json }: WhoOption,
): Promise<void> {
  const client = api();
  const incidentId = await whichIncident(client, id);
  const done = await client.command(incidentId, name, { ...body, by });
  if (json === true) printJson(done);
  else printLine(`${done.incident_id} is ${done.status}`);
}

function registerWatch(incident: Command): void {
  incident
    .command('watch')
    .argument('[id]', 'which incident (default: the only one that is open)', incidentArgument)
    .description('shows what happens, line by line, until the incident has ended')
    .option('--json', 'print each line of the timeline as JSON')
    .action(watch);
}

/** Ctrl-C ends the watching and not the incident. */
async function watch(id: string | undefined, { json = false }: JsonOption): Promise<void> {
  const interruption = onInterruption('Watching the incident');
  const { signal } = interruption;
  try {
    const client = api();
    const { incident } = await watchIncident(client, await whichIncident(client, id), { json, signal });
    printProgress(
      `It is ${incident.status}. The draft of a postmortem: unmogrowp incident report ${incident.incident_id}`,
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    printProgress('The incident goes on.');
    failWith(error, INTERRUPTED_EXIT_CODE);
  } finally {
    interruption.close();
  }
}

function registerReport(incident: Command): void {
  incident
    .command('report')
    .argument('<id>', 'which incident', incidentArgument)
    .description('the draft of a postmortem in Markdown: what is known is filled in, the rest is asked for')
    .option('--output <file>', 'write it there instead of to standard output')
    .option('--json', 'print it as one text of JSON')
    .action(async (id: string, options: JsonOption & { output?: string }) => {
      const report = await api().report(id);
      if (options.output !== undefined) {
        writeFileSync(options.output, report);
        printProgress(`written to ${options.output}`);
      } else if (options.json === true) printJson({ incident_id: id, report });
      else process.stdout.write(report);
    });
}
