import { describe, expect, it } from 'vitest';
import { BOARDS, boardLink, panelLink } from './links.ts';

describe('links to boards', () => {
  it('lead to one panel each: no uid and no number of a panel is given twice', () => {
    const boards = Object.values(BOARDS);
    expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length);
    for (const { uid, panels } of boards) {
      const numbers = Object.values<number>(panels);
      expect(new Set(numbers).size, uid).toBe(numbers.length);
      expect(uid).toMatch(/^unmogrowp-[a-z-]+$/);
    }
  });

  it('name the board and the panel by what Grafana keeps in addresses', () => {
    expect(boardLink('kafkaSink')).toEqual({ uid: 'unmogrowp-kafka-sink', path: '/d/unmogrowp-kafka-sink' });
    expect(panelLink('pipeline', 'spool')).toEqual({
      uid: 'unmogrowp-pipeline',
      id: 5,
      path: '/d/unmogrowp-pipeline?viewPanel=5',
    });
  });
});
