import type { CarelessChange } from '../windows/careless-changes.ts';

/** At least one for each recorded life: what the history of that life is kept for. */
export const CARELESS_CHANGES: readonly CarelessChange[] = [
  {
    change: 'an incident begins its ladder without asking for maintenance',
    from: /case 'ask_maintenance':\s+return askMaintenance\(life, effect, answer\);/,
    to: "case 'ask_maintenance': return;",
    refusedBy: ['incident-life', 'incident-commanded', 'incident-troubled', 'incident-revived', 'incident-continuing'],
  },
  {
    change: 'the one who acknowledged is not reminded',
    from: /\(0,\w+\.notifyBeside\)\(turn, 'status_update',/,
    to: "((turn, what, kind, targets) => undefined)(turn, 'status_update',",
    refusedBy: ['incident-life'],
  },
  {
    change: 'the other incident of a merge is not told',
    from: /await withoutFailing\)?\(\(0,\w+\.signalIncident\)\(\{|await \(0,\w+\.withoutFailing\)\(\(0,\w+\.signalIncident\)\(\{/,
    to: 'await ((value) => undefined)(({',
    refusedBy: ['incident-commanded', 'incident-troubled'],
  },
  {
    change: 'the timeline of an incident is not written down',
    from: /\(0,\w+\.beginRecording\)\(life\);/,
    to: '',
    refusedBy: ['incident-life', 'incident-continuing', 'incident-continued'],
  },
  {
    change: 'a heartbeat that is missed opens nothing',
    from: /await openFromHeartbeat\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['heartbeat-life', 'heartbeat-continuing', 'heartbeat-continued'],
  },
  {
    change: 'a heartbeat that the policy does not name any more is waited for',
    from: /if \(!\(?await miss\(life, state\)\)?\)\s+return;/,
    to: 'await miss(life, state);',
    refusedBy: ['heartbeat-forgotten'],
  },
  {
    change: 'incidents do not hear what became of their notices',
    from: /await tellOutcomes\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['contact-life', 'contact-continuing', 'contact-continued'],
  },
  {
    change: 'what fires again after the end opens nothing while the end is being written down',
    from: /const isNew = !isOpen && /,
    to: 'const isNew = state === null && ',
    refusedBy: ['incident-revived'],
  },
];
