import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOSSES, type LedgerMeasures, differencesOf, differencesText, sumOf } from './ledger.ts';

const nothing: LedgerMeasures = {
  accepted: 0,
  spooled: 0,
  onKafka: 0,
  replayed: 0,
  repeated: 0,
  offsetGap: 0,
  rowGap: 0,
  insertedTwice: 0,
  uncredited: 0,
};
const judge = (measures: Partial<LedgerMeasures>) => differencesOf({ ...nothing, ...measures });

describe('the sides of an hour', () => {
  it('that add up have no difference', () => {
    expect(judge({ accepted: 10, onKafka: 10 })).toEqual({});
    expect(judge({ accepted: 10, spooled: 4, onKafka: 6 })).toEqual({});
  });

  it('lack what was accepted and is neither on a spool nor on Kafka', () => {
    expect(judge({ accepted: 10, spooled: 3, onKafka: 5 })).toEqual({ missing: 2 });
  });

  it('are explained where Kafka holds more, and only as far as it does', () => {
    expect(judge({ accepted: 10, onKafka: 12 })).toEqual({ uncounted: 2 });
    expect(judge({ accepted: 10, onKafka: 12, repeated: 1 })).toEqual({ uncounted: 1, repeated: 1 });
    expect(judge({ accepted: 10, onKafka: 12, repeated: 5, replayed: 1 })).toEqual({ repeated: 1, replayed: 1 });
    expect(judge({ accepted: 10, onKafka: 10, repeated: 5, replayed: 1 })).toEqual({});
    expect(judge({ accepted: 10, onKafka: 9, repeated: 5, replayed: 1 })).toEqual({ missing: 1 });
  });

  it('add up with their differences, whatever was measured', () => {
    const count = fc.nat(1_000);
    fc.assert(
      fc.property(
        fc.record({ accepted: count, spooled: count, onKafka: count, replayed: count, repeated: count }),
        (of) => {
          const { missing = 0, uncounted = 0, repeated = 0, replayed = 0 } = judge(of);
          expect(of.accepted - of.spooled - missing + uncounted + repeated + replayed).toBe(of.onKafka);
          expect(missing === 0 || uncounted + repeated + replayed === 0).toBe(true);
        },
      ),
    );
  });
});

it('differences are told in words and summed by what they mean', () => {
  const differences = judge({ accepted: 10, onKafka: 7, rowGap: 2, insertedTwice: 1 });
  expect(differencesText(differences)).toBe('3 missing, 2 row_gap, 1 inserted_twice');
  expect(differencesText(differences, LOSSES)).toBe('3 missing, 2 row_gap');
  expect(sumOf(differences, LOSSES)).toBe(5);
});
