import { LOOK, NEUTRAL, QUIET, WELL, WRONG, textColors } from './look.ts';

/** The states of the view `board_windows`, in the colours of what they mean for whoever uses the number. */
export const WINDOW_STATES = textColors([
  { pattern: 'final', color: WELL },
  { pattern: 'published', color: NEUTRAL },
  { pattern: 'not due', color: QUIET },
  { pattern: 'overdue', color: LOOK },
  { pattern: 'inconsistent', color: WRONG },
]);
