/** Where a message is kept back: before it reaches the part, or its answer before it reaches the process. */
export type Side = 'request' | 'answer';

/** What goes by on a line, as far as faults are chosen by it. */
export interface Message {
  /** `insert_events`, `Produce`, … */
  readonly name: string;
  /** What tells messages of one name apart, as `begun:` in the note of a commit. */
  readonly detail: string;
}

/** Messages that a rule is meant for. */
export interface Pattern {
  readonly name: string;
  /** Whether the detail has to match as well. */
  readonly detail?: RegExp;
}

/** A message that is kept back for ever: whoever waits for it can be killed exactly there. */
export interface Hold {
  /** Resolves as soon as one message is kept. */
  readonly isKept: Promise<void>;
  /** Lets messages through again; what was kept stays kept. */
  end(): void;
}

/** The messages of one line that are kept back now. */
export interface Holds {
  begin(pattern: Pattern, side: Side): Hold;
  /** Whether this message is kept; whoever asked has to keep it then. */
  keeps(message: Message, side: Side): boolean;
}

/** Makes the list of messages that are kept back. */
export function createHolds(): Holds {
  const rules = new Set<{ pattern: Pattern; side: Side; resolve: () => void }>();
  return {
    begin(pattern, side) {
      const { promise: isKept, resolve } = Promise.withResolvers<void>();
      const rule = { pattern, side, resolve };
      rules.add(rule);
      return { isKept, end: () => void rules.delete(rule) };
    },
    keeps(message, side) {
      for (const rule of rules) {
        if (rule.side !== side || !matches(rule.pattern, message)) continue;
        rule.resolve();
        return true;
      }
      return false;
    },
  };
}

/** Whether a rule is meant for a message. */
export const matches = ({ name, detail }: Pattern, message: Message): boolean =>
  name === message.name && (detail === undefined || detail.test(message.detail));
