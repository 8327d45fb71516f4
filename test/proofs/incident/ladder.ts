import { tellIncidents, titleOfTold } from '../alerts/incidents-of.ts';
import { LADDER_KEYS } from './policy.ts';
import { type Setting, type Step, type View, untilView } from './story.ts';
import type { ToldNotice } from './receivers.ts';
import { until } from '../until.ts';

const LADDER_MS_MAX = 120_000;
/** All of the steps, and that nobody answered. */
const NOTICES = LADDER_KEYS.length + 1;

/**
 * Kills the process with `-9` at every step of a ladder that nobody answers: after the alert was accepted, and whenever a
 * notice has arrived and was not answered yet, which is the worst moment for telling it once.
 */
export async function climbLadders(setting: Setting): Promise<Step[]> {
  const steps: Step[] = [];
  for (let moment = 0; moment <= NOTICES; moment += 1) steps.push(await climb(setting, moment));
  return steps;
}

async function climb(setting: Setting, moment: number): Promise<Step> {
  const { incidents, hook, onProgress } = setting;
  const begunAt = Date.now();
  const key = `ladder-${moment}`;
  const name = moment === 0 ? 'killed when the alert was accepted' : `killed at notice ${moment} of ${NOTICES}`;
  let kills = 0;
  hook.before = async (notice) => {
    // Real alerts of the pipeline are told by the same way meanwhile.
    if (notice.title !== titleOfTold(key)) return;
    const seen = keysOf(hook.told, notice.incidentId).length;
    if (kills > 0 || seen !== moment) return;
    kills += 1;
    await incidents.kill();
    throw new Error('nobody is left to be answered');
  };
  try {
    const answered = await tellIncidents(incidents, key, 'firing').catch((error: unknown) => {
      if (kills === 0) throw error;
      return undefined;
    });
    if (moment === 0) {
      kills += 1;
      await incidents.kill();
    }
    await until(
      () => 'the process was killed',
      () => (kills > 0 ? true : undefined),
      waitOptions(setting),
    );
    await incidents.start();
    // An answer that was lost with the process is asked for again: the same alert is the same incident.
    const incidentId = answered ?? (await tellIncidents(incidents, key, 'firing'));
    const view = await untilOver(setting, incidentId);
    const seen = judge(view, hook.told, incidentId);
    onProgress(`${name}: ${seen}`);
    return { name, afterMs: Date.now() - begunAt, seen };
  } finally {
    hook.before = () => Promise.resolve();
    await tellIncidents(incidents, key, 'resolved').catch(() => undefined);
  }
}

const waitOptions = ({ scene }: Setting) => ({ timeoutMs: LADDER_MS_MAX, signal: scene.signal });

/** Until the timeline has all that the ladder does. */
const untilOver = (setting: Setting, incidentId: string): Promise<View> =>
  untilView(
    setting,
    incidentId,
    ({ timeline }) => timeline.filter(({ kind }) => kind === 'notified').length >= NOTICES,
    LADDER_MS_MAX,
  );

/** No step is lost, and none is told under two keys; a message whose answer nobody heard may come again, under its own. */
function judge(view: View, told: readonly ToldNotice[], incidentId: string): string {
  const keys = keysOf(told, incidentId);
  const wanted = LADDER_KEYS.map((key) => `${incidentId}/${key}`);
  const lost = wanted.filter((key) => !keys.includes(key));
  const others = keys.filter((key) => !wanted.includes(key));
  const unanswered = view.timeline.filter(({ kind }) => kind === 'nobody_answered').length;
  if (lost.length > 0 || others.length !== 1 || unanswered !== 1)
    throw new Error(
      `lost ${lost.join(', ') || 'none'}; beside them ${others.join(', ')}; ${unanswered} times unanswered`,
    );
  const again = told.filter((notice) => notice.incidentId === incidentId).length - keys.length;
  return `${keys.length} of ${NOTICES} told, none lost, none under another key; ${again} came again under their own`;
}

/** Different delivery keys of an incident, in the order in which they came first. */
const keysOf = (told: readonly ToldNotice[], incidentId: string): string[] => [
  ...new Set(told.filter((notice) => notice.incidentId === incidentId).map(({ deliveryKey }) => deliveryKey)),
];
