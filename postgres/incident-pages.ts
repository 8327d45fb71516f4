import type { Page } from '../incidents/page/types.ts';
import { type PostgresQueryable, queryRows } from './pool.ts';

/** Keeps a page as it was gathered; the same twice is kept once. */
export async function saveIncidentPage(connection: PostgresQueryable, page: Page): Promise<void> {
  await queryRows(
    connection,
    `INSERT INTO incident_pages (incident_id, gathered_at, page) VALUES ($1, $2, $3)
     ON CONFLICT (incident_id, gathered_at) DO NOTHING`,
    [page.incidentId, new Date(page.gatheredAtMs), JSON.stringify(page)],
  );
}

/** The pages of an incident, the first one first: what was found then, and what later ones found beside it. */
export async function listIncidentPages(
  connection: PostgresQueryable,
  incidentId: string,
  limit: number,
): Promise<Page[]> {
  const rows = await queryRows<{ page: Page }>(
    connection,
    'SELECT page FROM incident_pages WHERE incident_id = $1 ORDER BY gathered_at LIMIT $2',
    [incidentId, limit],
  );
  return rows.map(({ page }) => page);
}
