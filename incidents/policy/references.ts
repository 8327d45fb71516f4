import { peopleOf } from '../oncall/schema.ts';
import { type Finding, type Path, error } from './problems.ts';
import type { PolicyDocument, PolicyTarget } from './schema.ts';

/** Ids that two things share, and references to what is not there. */
export const referenceFindings = (document: PolicyDocument): Finding[] => [
  ...sharedIds(document),
  ...chainFindings(document),
  ...scheduleFindings(document),
  ...policyFindings(document),
];

function sharedIds(document: PolicyDocument): Finding[] {
  return [
    ...shared(['people'], 'id', ids(document.people)),
    ...document.people.flatMap(({ contacts }, index) => shared(['people', index, 'contacts'], 'id', ids(contacts))),
    ...shared(['channels'], 'id', ids(document.channels)),
    ...shared(['schedules'], 'id', ids(document.schedules)),
    ...shared(['support_hours'], 'id', ids(document.support_hours)),
    ...shared(['policies'], 'id', ids(document.policies)),
    ...shared(
      ['heartbeats'],
      'name',
      document.heartbeats.map(({ name }) => name),
    ),
  ];
}

const ids = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id);

const shared = (path: Path, field: string, names: readonly string[]): Finding[] =>
  names.flatMap((name, index) =>
    names.indexOf(name) < index ? [error([...path, index, field], 'is taken already')] : [],
  );

function chainFindings({ people }: PolicyDocument): Finding[] {
  return people.flatMap(({ contacts, notify }, index) =>
    (['high', 'low'] as const).flatMap((urgency) =>
      notify[urgency].flatMap((id, position) => {
        const path = ['people', index, 'notify', urgency, position];
        if (!ids(contacts).includes(id)) return [error(path, 'is no contact of this person')];
        return notify[urgency].indexOf(id) < position ? [error(path, 'is in this chain already')] : [];
      }),
    ),
  );
}

function scheduleFindings({ schedules, people }: PolicyDocument): Finding[] {
  const known = new Set(ids(people));
  return schedules.flatMap((schedule, index) =>
    peopleOf(schedule).every((person) => known.has(person))
      ? []
      : schedule.layers.flatMap((layer, layerIndex) =>
          layer.people.flatMap((turn, turnIndex) =>
            [turn].flat().every((person) => known.has(person))
              ? []
              : [error(['schedules', index, 'layers', layerIndex, 'people', turnIndex], 'is nobody of people')],
          ),
        ),
  );
}

function policyFindings(document: PolicyDocument): Finding[] {
  const channels = ids(document.channels);
  return document.policies.flatMap(({ urgency, steps, last_resort: lastResort }, index) => {
    const path = ['policies', index];
    const hours = typeof urgency === 'object' && 'support_hours' in urgency ? urgency.support_hours : undefined;
    return [
      ...unknownHours(document, [...path, 'urgency', 'support_hours'], hours),
      ...(lastResort === undefined || channels.includes(lastResort)
        ? []
        : [error([...path, 'last_resort'], `names the channel ${lastResort}, which channels does not have`)]),
      ...steps.flatMap(({ when, notify }, step) => [
        ...unknownHours(document, [...path, 'steps', step, 'when', 'inside'], when?.inside),
        ...unknownHours(document, [...path, 'steps', step, 'when', 'outside'], when?.outside),
        ...notify.flatMap((entry, position) =>
          unknownTarget(document, [...path, 'steps', step, 'notify', position], entry),
        ),
      ]),
    ];
  });
}

const unknownHours = ({ support_hours }: PolicyDocument, path: Path, id: string | undefined): Finding[] =>
  id === undefined || ids(support_hours).includes(id)
    ? []
    : [error(path, `names ${id}, which support_hours does not have`)];

function unknownTarget(document: PolicyDocument, path: Path, entry: PolicyTarget): Finding[] {
  if ('person' in entry) {
    return ids(document.people).includes(entry.person) ? [] : [error([...path, 'person'], 'is nobody of people')];
  }
  const [kind, id] =
    'schedule' in entry ? (['schedule', entry.schedule] as const) : (['channel', entry.channel] as const);
  return ids(document[`${kind}s`]).includes(id)
    ? []
    : [error([...path, kind], `names ${id}, which ${kind}s does not have`)];
}
