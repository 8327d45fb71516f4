import { UnmogrowpError } from '../errors.ts';
import type { PartDefinition, PartPlan } from './parts/part.ts';
import { missingToolsError, problemWith, type MissingTool } from './toolchain.ts';
import type { StackPartName, Variables } from './types.ts';

/** Finds out where each part would come from; one error names everything that is missing on this machine. */
export async function planParts(
  own: readonly PartDefinition[],
  environment: Variables,
): Promise<Map<StackPartName, PartPlan>> {
  assertPlatform(own);
  const plans = new Map<StackPartName, PartPlan>();
  const missing: MissingTool[] = [];
  const impossible: string[] = [];
  await Promise.all(
    own.map(async (part) => {
      const plan = await part.plan(environment);
      plans.set(part.name, plan);
      if (plan.impossible !== undefined) {
        impossible.push(`${part.title}: ${plan.impossible}, or set ${part.variables.join(' and ')}.`);
      }
      for (const tool of plan.tools) {
        const problem = await problemWith(tool, environment);
        if (problem !== undefined) missing.push({ tool, problem, neededFor: part.title, variables: part.variables });
      }
    }),
  );
  if (missing.length > 0) throw missingToolsError(missing);
  if (impossible.length > 0) throw new UnmogrowpError('toolchain_missing', impossible.join('\n'));
  return plans;
}

function assertPlatform(own: readonly PartDefinition[]): void {
  if (own.length === 0 || (process.platform === 'linux' && process.arch === 'x64')) return;
  const variables = own.flatMap((part) => part.variables).join(', ');
  throw new UnmogrowpError(
    'toolchain_missing',
    `The parts can be started on Linux x64 only, this is ${process.platform} ${process.arch}. ` +
      `Run them with "docker compose up -d" (docker-compose.yml) or set their addresses: ${variables}.`,
  );
}
