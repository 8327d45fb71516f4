/** A person with a chat and, if that fails, a mail; the name is nobody else's. */
const person = (id: string): string => `
  - id: ${id}
    name: ${id}
    time_zone: UTC
    contacts:
      - { id: chat, kind: slack, url_variable: CHAT_URL }
      - { id: mail, kind: email, address: ${id}@example.com }
    notify: { high: [chat, mail], low: [mail] }`;

const channel = (id: string): string => `
  - { id: ${id}, kind: slack, url_variable: CHAT_URL }`;

/** What a policy document is made of; NAME of people, channels and schedules becomes a name that only this test has. */
export interface PolicyParts {
  readonly people?: readonly string[];
  readonly channels?: readonly string[];
  /** YAML of the schedules. */
  readonly schedules?: string;
  /** YAML of the one policy, without its id. */
  readonly policy: string;
  readonly throttle?: string;
  /** Names of heartbeats; how often they come is what `beat` says. */
  readonly heartbeats?: readonly string[];
}

/** A policy file of these parts, with names that `name` makes of theirs. */
export function policyText(
  { people = [], channels = [], schedules = '', policy, throttle = '1000, per: 1m', heartbeats = [] }: PolicyParts,
  name: (id: string) => string,
): string {
  const named = (text: string): string => text.replaceAll(/@(\w+)/g, (_, id: string) => name(id));
  return [
    ...(people.length === 0 ? [] : ['people:', ...people.map((id) => person(name(id)))]),
    ...(channels.length === 0 ? [] : ['channels:', ...channels.map((id) => channel(name(id)))]),
    ...(schedules === '' ? [] : ['schedules:', named(schedules)]),
    `throttle: { messages: ${throttle} }`,
    `heartbeats: [${heartbeats.map((id) => `{ name: ${id}, every: 1m }`).join(', ')}]`,
    'policies:',
    '  - id: everything',
    named(policy),
  ].join('\n');
}
