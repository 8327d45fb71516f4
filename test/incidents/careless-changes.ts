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
    change: 'an incident continues as new later than before',
    from: /historyLength > \(continueAsNewAfterEvents/,
    to: 'historyLength > 2 * (continueAsNewAfterEvents',
    refusedBy: ['incident-continuing'],
  },
  {
    change: 'what could not be written down before is forgotten',
    from: /input\.carried\?\.state \?\? null/,
    to: 'null',
    refusedBy: ['incident-continued'],
  },
  {
    change: 'what fires again after the end opens nothing while the end is being written down',
    from: /const isNew = !isOpen && /,
    to: 'const isNew = state === null && ',
    refusedBy: ['incident-revived'],
  },
];
