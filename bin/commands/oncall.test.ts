import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, afterEach, beforeEach, describe, expect, it, test, vi } from 'vitest';
import { register } from './oncall.ts';

const directory = mkdtempSync(join(tmpdir(), 'unmogrowp-oncall-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const person = (id: string): string =>
  `{ id: ${id}, name: Somebody, time_zone: UTC, contacts: [{ id: mail, kind: email, address: ${id}@example.com }],
    notify: { high: [mail], low: [mail] } }`;
const POLICY = `
people: [${person('ada')}, ${person('grace')}]
schedules:
  - id: primary
    time_zone: Europe/Berlin
    layers: [{ id: weeks, people: [ada, grace], starts: 2026-01-05 }]
  - id: office
    time_zone: America/New_York
    layers: [{ id: days, people: [grace], starts: 2026-01-05, restrictions: [{ from: '09:00', to: '17:00' }] }]
policies:
  - { id: all, urgency: high, steps: [{ notify: [{ schedule: primary }], wait: 10m }] }
`;

const file = (name: string, text: string): string => {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
};
const policyFile = file('policy.yaml', POLICY);

let output: string;
let aside: string;
beforeEach(() => {
  [output, aside] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((output += String(text))));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => Boolean((aside += String(text))));
  vi.stubEnv('INCIDENT_POLICY_FILE', policyFile);
  // PostgreSQL is away: nothing listens there.
  vi.stubEnv('POSTGRES_URL', 'postgres://nobody:x@127.0.0.1:1/none');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Runs the command; gives what it wrote, or why it was refused. */
async function unmogrowp(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const program = new Command('unmogrowp').exitOverride();
  register(program);
  for (const command of allOf(program)) command.exitOverride();
  await program.parseAsync(args, { from: 'user' });
  return { stdout: output, stderr: aside };
}

const allOf = (command: Command): Command[] => [command, ...command.commands.flatMap(allOf)];

describe('while PostgreSQL is away', () => {
  it('who is on call is told by the policy alone, and that overrides are unknown', async () => {
    const { stdout, stderr } = await unmogrowp('oncall', 'who', '--at', '2026-01-13T08:00', '--json');
    expect(JSON.parse(stdout)).toEqual([
      {
        schedule: 'primary',
        at: '2026-01-13T07:00:00.000Z',
        people: ['grace'],
        until: '2026-01-19T08:00:00.000Z',
        by: { kind: 'layer', layer: 'weeks' },
        overrides_known: false,
      },
      {
        schedule: 'office',
        at: '2026-01-13T13:00:00.000Z',
        people: [],
        until: '2026-01-13T14:00:00.000Z',
        by: { kind: 'nobody' },
        overrides_known: false,
      },
    ]);
    expect(stderr).toContain('Overrides are unknown');
  });

  it('shifts are told too, with the times in which nobody is on call', async () => {
    const args = ['--schedule', 'office', '--from', '2026-01-12T12:00', '--to', '2026-01-13T12:00'];
    const { stdout } = await unmogrowp('oncall', 'shifts', ...args);
    expect(stdout).toMatch(/office +│ grace +│ Mon 2026-01-12 12:00 -05:00 │ Mon 2026-01-12 17:00 -05:00 │ +5 │/);
    expect(stdout).toMatch(/office +│ nobody +│ Mon 2026-01-12 17:00 -05:00 │ Tue 2026-01-13 09:00 -05:00 │ +16 │/);
  });

  it('no calendar is exported, for it would lack its overrides', async () => {
    await expect(unmogrowp('oncall', 'export', 'primary')).rejects.toMatchObject({ code: 'postgres_unavailable' });
    expect(output).toBe('');
  });
});

describe('a calendar', () => {
  const event = (uid: string, summary: string): string =>
    `BEGIN:VEVENT\nUID:${uid}\nDTSTART:20260105T080000Z\nDTEND:20260106T080000Z\nSUMMARY:${summary}\nEND:VEVENT`;
  const importing = (name: string) => [
    'oncall',
    'import',
    name,
    '--schedule',
    'primary',
    '--from',
    '2026-01-01',
    '--dry-run',
  ];

  it('is read without being stored', async () => {
    const good = file('good.ics', `BEGIN:VCALENDAR\n${event('one', 'Ada')}\nEND:VCALENDAR\n`);
    const { stdout } = await unmogrowp(...importing(good), '--json');
    expect(JSON.parse(stdout)).toEqual([
      { people: ['ada'], from: '2026-01-05T08:00:00.000Z', to: '2026-01-06T08:00:00.000Z', uid: 'one' },
    ]);
  });

  it('that cannot be used is refused with file, line and event', async () => {
    const bad = file(
      'bad.ics',
      `BEGIN:VCALENDAR\n${event('one', 'ada')}\n${event('two', 'somebody')}\nEND:VCALENDAR\n`,
    );
    const refused = unmogrowp(...importing(bad)).catch((error: unknown) => String(error));
    expect(await refused).toContain(`${bad}:8: event two names nobody of the policy in SUMMARY or ATTENDEE`);
    expect(await refused).not.toContain('somebody');
  });
});

const WRONG_USAGE = /^commander\./;

test.each([
  [['who', '--schedule', 'secondary'], 'oncall_invalid', 'There are: primary, office'],
  [['who', '--at', 'soon'], 'oncall_invalid', 'by the clock of Europe/Berlin'],
  [['shifts', '--from', '2026-01-05', '--to', '2026-01-05'], 'oncall_invalid', 'has to end after it begins'],
  [
    ['override', 'add', '--schedule', 'primary', '--person', 'nobody', '--to', '2100-01-01'],
    'oncall_invalid',
    'does not know',
  ],
  [['override', 'add', '--schedule', 'primary', '--person', 'ada'], WRONG_USAGE, '--to'],
  [['override', 'withdraw', 'mine'], WRONG_USAGE, 'unmogrowp oncall override list'],
  [['import', '/nowhere.ics', '--schedule', 'primary'], 'oncall_invalid', 'cannot be read'],
  [['import', 'x.ics', '--schedule', 'primary', '--as', 'truth'], WRONG_USAGE, 'overrides, shifts'],
])('unmogrowp oncall %j is refused and says why', async (args, code, message) => {
  await expect(unmogrowp('oncall', ...args)).rejects.toMatchObject({
    code: expect.stringMatching(code) as string,
    message: expect.stringContaining(message) as string,
  });
  expect(output).toBe('');
});
