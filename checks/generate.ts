import { fileURLToPath } from 'node:url';
import { generate } from './generated.ts';

const paths = await generate(fileURLToPath(new URL('..', import.meta.url)));
process.stdout.write(`${paths.map((path) => `wrote ${path}`).join('\n')}\n`);
