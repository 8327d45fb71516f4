import { SingleBar } from 'cli-progress';
import { formatDuration } from '../stack/progress.ts';
import { printProgress } from './output.ts';

/** Shows how far a long piece of work has come. */
export interface ProgressBar {
  /** `text` stands behind the bar, such as counts. */
  update(value: number, text: string): void;
  /** Leaves the last state standing. */
  stop(): void;
}

const LINE_INTERVAL_MS = 5_000;

/** A bar on a terminal; elsewhere (a file, CI) a line every five seconds and one at the end. Always on standard error. */
export function startProgressBar(label: string, total: number): ProgressBar {
  return process.stderr.isTTY ? bar(label, total) : lines(label, total);
}

function bar(label: string, total: number): ProgressBar {
  const shown = new SingleBar({
    format: (_options, { progress, eta, startTime }, { text }: { text: string }) =>
      barText({ label, progress, text, secondsLeft: Number(eta), elapsedMs: Date.now() - startTime }),
    hideCursor: true,
    etaBuffer: 50,
    stream: process.stderr,
  });
  shown.start(Math.max(total, 1), 0, { text: '' });
  return {
    update: (value, text) => shown.update(Math.min(value, Math.max(total, 1)), { text }),
    stop: () => shown.stop(),
  };
}

/** One state of a bar: how far, what, and the time that is left, or that it took at the end. */
export function barText(state: {
  label: string;
  /** From 0 to 1. */
  progress: number;
  text: string;
  /** Infinite while it cannot be told. */
  secondsLeft: number;
  elapsedMs: number;
}): string {
  const { label, progress, text, secondsLeft, elapsedMs } = state;
  const full = Math.round(progress * BAR_WIDTH);
  const left = Number.isFinite(secondsLeft) && secondsLeft > 0 ? `${formatDuration(secondsLeft * 1_000)} left` : '';
  const parts = [
    `${label.padEnd(10)} ${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${Math.floor(progress * 100)} %`,
    text,
    progress < 1 ? left : formatDuration(elapsedMs),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

const BAR_WIDTH = 30;

function lines(label: string, total: number): ProgressBar {
  const startedAt = performance.now();
  let writtenAt = startedAt;
  let last: string | undefined;
  const write = (line: string): void => {
    writtenAt = performance.now();
    last = undefined;
    printProgress(`${label.padEnd(10)} ${line}  ${formatDuration(writtenAt - startedAt)}`);
  };
  return {
    update(value, text) {
      last = `${Math.floor((100 * value) / Math.max(total, 1))} %  ${text}`;
      if (performance.now() - writtenAt >= LINE_INTERVAL_MS) write(last);
    },
    stop() {
      if (last !== undefined) write(last);
    },
  };
}
