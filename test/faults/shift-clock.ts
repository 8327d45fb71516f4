/**
 * Loaded before one of our processes (`node --import`): lets the wall clock of this process step. On SIGUSR2 it reads from
 * the file in FAULTS_CLOCK_FILE by how many milliseconds the clock is wrong from now on. Timers go on as they would
 * after a real step, because they follow another clock.
 */
import { readFileSync } from 'node:fs';

const RealDate = Date;
const file = process.env['FAULTS_CLOCK_FILE'];
let shiftMs = 0;

const now = (): number => RealDate.now() + shiftMs;

globalThis.Date = new Proxy(RealDate, {
  construct: (target, values: unknown[], newTarget) =>
    Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget) as Date,
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});

if (file !== undefined) {
  process.on('SIGUSR2', () => {
    shiftMs = Number(readFileSync(file, 'utf8'));
  });
}
