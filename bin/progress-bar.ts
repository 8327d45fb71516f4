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
    format: `${label.padEnd(10)} {bar} {percentage}%  {text}  {eta_formatted} left`,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
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
