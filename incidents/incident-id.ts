/** When an incident was opened: its id is a UUID of version 7, which begins with the time. */
export const openedAtMsOf = (incidentId: string): number =>
  Number.parseInt(incidentId.replaceAll('-', '').slice(0, 12), 16);
