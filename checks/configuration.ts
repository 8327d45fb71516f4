import { describeEnv } from '../env.ts';

const HEAD = `# Configuration

Every variable that the processes and commands read, generated from \`env.ts\` by \`npm run generate\`. They are parsed once,
at the start; a wrong value, or a pair of values that would lose data, is refused with its name and the reason.

| variable | default | meaning |
| --- | --- | --- |
`;

/** docs/configuration.md: what env.ts declares, as a table. */
export function configurationMarkdown(): string {
  const rows = describeEnv().map(({ name, meaning, fallback }) => {
    const shown = fallback === undefined ? '' : fallback === '' ? 'empty' : `\`${fallback}\``;
    return `| \`${name}\` | ${shown} | ${meaning} |\n`;
  });
  return HEAD + rows.join('');
}
