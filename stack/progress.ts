import type { OnProgress, ProgressEvent } from './types.ts';

/** Reports the changes of one part, each with the time since the one before. */
export interface Reporter {
  (state: ProgressEvent['state'], detail: string): void;
}

/** A reporter for one part that measures how long each state lasted. */
export function reporterFor(part: string, onProgress: OnProgress | undefined): Reporter {
  let changedAt: number | undefined;
  return (state, detail) => {
    const now = performance.now();
    const elapsed = changedAt === undefined ? {} : { elapsedMs: Math.round(now - changedAt) };
    changedAt = now;
    onProgress?.({ part, state, detail, ...elapsed });
  };
}

/** Seconds with one decimal below a minute, then minutes and seconds. */
export function formatDuration(milliseconds: number): string {
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** Shows progress on a stream; `close` leaves the last state of each part standing. */
export interface ProgressPrinter {
  readonly onProgress: OnProgress;
  close(): void;
}

const REPAINT_MS = 200;

/**
 * On a terminal one line per part that is repainted with the time it has taken so far; elsewhere (a file, CI) one line
 * per change, with how long the state before it took.
 */
export function createProgressPrinter(stream: NodeJS.WriteStream = process.stderr): ProgressPrinter {
  return stream.isTTY ? repaintingPrinter(stream) : linePrinter(stream);
}

function linePrinter(stream: NodeJS.WritableStream): ProgressPrinter {
  const startedAt = performance.now();
  return {
    onProgress: ({ part, state, detail, elapsedMs }) => {
      const since = formatDuration(performance.now() - startedAt).padStart(8);
      const took = elapsedMs === undefined ? '' : ` (after ${formatDuration(elapsedMs)})`;
      stream.write(`${since}  ${part.padEnd(11)} ${state.padEnd(11)} ${detail}${took}\n`);
    },
    close: () => undefined,
  };
}

interface Line {
  readonly event: ProgressEvent;
  readonly changedAt: number;
}

function repaintingPrinter(stream: NodeJS.WriteStream): ProgressPrinter {
  const lines = new Map<string, Line>();
  let painted = 0;
  const paint = () => {
    // Back to the first of our lines, then write each anew; `\x1b[K` clears what a longer text left.
    const up = painted === 0 ? '' : `\x1b[${painted}A`;
    const texts = [...lines.values()].map((line) => `${fit(lineText(line), stream.columns)}\x1b[K\n`);
    painted = texts.length;
    stream.write(`${up}${texts.join('')}`);
  };
  const timer = setInterval(paint, REPAINT_MS);
  timer.unref();
  return {
    onProgress: (event) => {
      lines.set(event.part, { event, changedAt: performance.now() });
      paint();
    },
    close: () => {
      clearInterval(timer);
      if (lines.size > 0) paint();
      lines.clear();
      painted = 0;
    },
  };
}

const FINAL_STATES = new Set<ProgressEvent['state']>(['ready', 'stopped', 'failed']);

function lineText({ event, changedAt }: Line): string {
  const elapsedMs = FINAL_STATES.has(event.state) ? event.elapsedMs : performance.now() - changedAt;
  const took = elapsedMs === undefined ? '' : ` ${formatDuration(elapsedMs)}`;
  return `${event.part.padEnd(11)} ${event.state.padEnd(11)} ${event.detail}${took}`;
}

/** Cut to one line of the terminal; some do not tell how wide they are. */
const fit = (text: string, columns: number): string => (columns > 0 ? text.slice(0, columns - 1) : text);
