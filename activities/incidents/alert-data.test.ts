import { describe, expect, it } from 'vitest';
import { alertNames } from '../../alerts/all.ts';
import { NOT_OF_DATA, alertsOfData, dataOf, relatedSeries } from './alert-data.ts';

describe('what alerts say about numbers', () => {
  it('was thought of for every alert, once', () => {
    expect([...alertsOfData(), ...NOT_OF_DATA].toSorted()).toEqual(alertNames().toSorted());
  });

  it('is nothing for alerts of others, whatever they are called', () => {
    for (const name of ['NotOurs', '', 'constructor', 'toString', '__proto__']) {
      expect(dataOf(name)).toBeUndefined();
      expect(relatedSeries(name)).toEqual([]);
    }
  });

  it('names related series only for alerts that exist', () => {
    for (const name of alertNames()) for (const series of relatedSeries(name)) expect(series).toMatch(/^unmogrowp_/);
    expect(relatedSeries('WindowInconsistent')).toEqual(['unmogrowp_window_runs_total{outcome="inconsistent"}']);
  });
});
