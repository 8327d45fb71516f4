/** Everything that the bundle of the process `incidents` holds: one export for each workflow type. */
export { contact } from './contact.ts';
export { heartbeat } from './heartbeat.ts';
export { incident } from './incident.ts';
