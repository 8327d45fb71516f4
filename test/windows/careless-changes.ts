/** A change that somebody could make without thinking of what is under way. */
export interface CarelessChange {
  change: string;
  /** What stands in the script of the workflows, and what would stand there. */
  from: RegExp;
  to: string;
  /** The lives that it would stop, each for a way that it goes. */
  refusedBy: readonly string[];
}

/** At least one for each recorded life: what the history of that life is kept for. */
export const CARELESS_CHANGES: readonly CarelessChange[] = [
  {
    change: 'a run does not give its turn back',
    from: /await \(0,\w+\.leaveRun\)\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['window-life', 'window-troubled', 'window-continuing', 'window-continued'],
  },
  {
    change: 'a short step that fails inside the workflow task is not handed out',
    from: /if \(!mayPass\(error\)\)\s+throw error;/,
    to: 'throw error;',
    refusedBy: ['window-troubled'],
  },
  {
    change: 'a window that waits for its turn does not show it',
    from: /\(life, 'queued', \{/,
    to: "(life, 'importing', {",
    refusedBy: ['window-troubled'],
  },
  {
    change: 'a window continues as new later than before',
    from: /historyLength > continueAsNewAfterEvents/,
    to: 'historyLength > 2 * continueAsNewAfterEvents',
    refusedBy: ['window-continuing'],
  },
  {
    change: 'a window loads what it has carried over',
    from: /isLoaded: input\.carried !== undefined/,
    to: 'isLoaded: false',
    refusedBy: ['window-continued'],
  },
  {
    change: 'what came after a dry run is no late data when it is published',
    from: /if \(ended\.isBehind\) await catchUp\(life\);/,
    to: '',
    refusedBy: ['window-replayed'],
  },
  {
    change: 'a window that is started for a replay loads itself first',
    from: /if \(\((0,\w+\.hasReplays)\)\(life\)\) \{/,
    to: 'if (life.isLoaded && ($1)(life)) {',
    refusedBy: ['window-revived'],
  },
  {
    change: 'a withdrawn replay is computed to its end',
    from: /replays\.current\.scope\.cancel\(\);/,
    to: '',
    refusedBy: ['window-withdrawn'],
  },
  {
    change: 'the command of a replay is not stored',
    from: /await changeReplayState\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['replay-commanded', 'replay-cancelled', 'replay-cancelled-outside'],
  },
  {
    change: 'windows under way are not told that the replay is cancelled',
    from: /if \(change\.action === 'cancel'\) await withdraw\(life\);/,
    to: '',
    refusedBy: ['replay-cancelled', 'replay-cancelled-outside'],
  },
  {
    change: 'a cancellation from outside just ends the replay',
    from: /if \(!life\.isCancelled\) await applyChange\(life, change\);/,
    to: '',
    refusedBy: ['replay-cancelled-outside'],
  },
  {
    change: 'a replay begins one window more before it continues as new',
    from: /continueAsNewSuggested \|\| begun >= /,
    to: 'continueAsNewSuggested || begun > ',
    refusedBy: ['replay-continuing'],
  },
  {
    change: 'a replay does not wait for the windows that it takes over',
    from: /else for \(const startMs of /,
    to: 'else if (false) for (const startMs of ',
    refusedBy: ['replay-continued'],
  },
  {
    change: 'a reconcile examines one slice more before it tells',
    from: /SLICES_PER_RUN = 10;/,
    to: 'SLICES_PER_RUN = 11;',
    refusedBy: ['reconcile-continuing'],
  },
  {
    change: 'a reconcile frees no lost turns',
    from: /await freeLostTurns\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['reconcile-life', 'reconcile-continued'],
  },
  {
    change: 'what goes through pages goes through one more before it continues as new',
    from: /page >= pagesPerRun/,
    to: 'page > pagesPerRun',
    refusedBy: ['reconcile-continuing', 'audit-continuing'],
  },
  {
    change: 'an audit lets no janitor work',
    from: /await removeUnpublishedRuns\(/,
    to: 'await Promise.resolve(',
    refusedBy: ['audit-life', 'audit-continued'],
  },
  {
    change: 'a ledger makes one call more before it continues as new',
    from: /CALLS_PER_RUN = 20;/,
    to: 'CALLS_PER_RUN = 21;',
    refusedBy: ['ledger-continuing'],
  },
  {
    change: 'a ledger looks once more when nothing is left',
    from: /if \(!isMore\) return;/,
    to: 'if (!isMore && call > 6) return;',
    refusedBy: ['ledger-life', 'ledger-continued'],
  },
];
