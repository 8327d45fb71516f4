import { type Environment, isUnset, variablesOf } from './contacts.ts';
import type { ParsedPolicy } from './parse.ts';
import { type Finding, type Path, type PolicyProblem, error, problemsAt, warning } from './problems.ts';
import { referenceFindings } from './references.ts';
import type { Endpoint, Policy, PolicyDocument } from './schema.ts';
import { gapFindings } from './gaps.ts';

/** All that is wrong with a policy file: what parsing found, and what only shows when its parts are seen together. */
export function checkPolicy(
  { document, problems, lineOf }: ParsedPolicy,
  { environment, nowMs }: { environment: Environment; nowMs: number },
): PolicyProblem[] {
  if (document === undefined) return [...problems];
  const findings = [
    ...referenceFindings(document),
    ...reachFindings(document.policies),
    ...document.policies.flatMap(ladderFindings),
    ...document.people.flatMap(silentFindings),
    ...variableFindings(document, environment),
    ...gapFindings(document, nowMs),
  ];
  return [...problems, ...problemsAt(findings, lineOf)];
}

/** Every alert has to reach a policy, and every policy should be reached by one. */
function reachFindings(policies: readonly Policy[]): Finding[] {
  const hidden = policies.flatMap(({ matchers }, index) => {
    const earlier = policies.slice(0, index).find((other) => other.matchers.every((text) => matchers.includes(text)));
    return earlier === undefined
      ? []
      : [warning(['policies', index], `is never used: ${earlier.id} takes every alert that it would take`)];
  });
  const takesAll = policies.some(({ matchers }) => matchers.length === 0);
  return takesAll
    ? hidden
    : [
        ...hidden,
        error(['policies'], 'needs a last one without matchers: nobody would hear of an alert that meets none'),
      ];
}

/** What has low urgency stays at the first step that reaches anybody; what has high urgency may come to the end. */
function ladderFindings({ urgency, steps, last_resort: lastResort }: Policy, index: number): Finding[] {
  if (urgency === 'low') {
    // A schedule may have nobody on call, and then the step after it is taken.
    const last = steps.findIndex(({ when, notify }) => when === undefined && notify.some((to) => !('schedule' in to)));
    return last < 0 || last === steps.length - 1
      ? []
      : [warning(['policies', index, 'steps', last + 1], 'is reached by hand only: low urgency does not escalate')];
  }
  return lastResort === undefined
    ? [warning(['policies', index], 'has no last_resort: when nobody answers, only the metric and the timeline say so')]
    : [];
}

/** A page to somebody without a contact is lost; that of low urgency may be meant so. */
function silentFindings({ notify }: PolicyDocument['people'][number], index: number): Finding[] {
  const path = ['people', index, 'notify'];
  return [
    ...(notify.high.length === 0 ? [error([...path, 'high'], 'needs a contact: a page would reach nobody')] : []),
    ...(notify.low.length === 0 ? [warning([...path, 'low'], 'has no contact: what is not urgent is not told')] : []),
  ];
}

function variableFindings({ people, channels }: PolicyDocument, environment: Environment): Finding[] {
  const endpoints: [Path, Endpoint][] = [
    ...channels.map((channel, index): [Path, Endpoint] => [['channels', index], channel]),
    ...people.flatMap(({ contacts }, person) =>
      contacts.map((contact, index): [Path, Endpoint] => [['people', person, 'contacts', index], contact]),
    ),
  ];
  return endpoints.flatMap(([path, endpoint]) =>
    variablesOf(endpoint)
      .filter((name) => isUnset(environment, name))
      .map((name) => warning(path, `needs the variable ${name}, which is not set here`)),
  );
}
