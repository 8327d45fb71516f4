import {
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { DATASOURCES, type Datasource, type Query, datasourceRef } from './queries.ts';

/** A variable of a board, with the query that gives its values where there is one. */
export interface Variable {
  readonly name: string;
  readonly query?: Query;
  /** Whether all of its values are chosen at first. */
  readonly isAll?: boolean;
  /** Values that need no query. */
  readonly values?: readonly string[];
  readonly build: () => Builder<VariableModel>;
}

/** Which datasource a board reads; another one can be given in the address: `?var-prometheus=…`. */
export const datasourceVariable = (datasource: Datasource): Variable => ({
  name: datasource,
  build: () =>
    new DatasourceVariableBuilder(datasource)
      .label(datasource)
      .description(`Where the board reads what it shows from ${datasource}.`)
      .type(DATASOURCES[datasource])
      .hide(VariableHide.HideVariable)
      .current({ text: datasource, value: datasource }),
});

interface Choice {
  readonly label: string;
  readonly description: string;
  /** Several values at once, and all of them at first. */
  readonly several?: boolean;
}

/** Values that a query gives, in its order. */
export const queried = (name: string, query: Query, { label, description, several = false }: Choice): Variable => ({
  name,
  query,
  isAll: several,
  build: () => {
    const builder = new QueryVariableBuilder(name)
      .label(label)
      .description(description)
      .datasource(datasourceRef(query.datasource))
      .query(query.datasource === 'prometheus' ? { query: query.text, refId: name } : query.text)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      .sort(VariableSort.Disabled)
      .multi(several)
      .includeAll(several);
    return several ? builder.current({ text: ['All'], value: ['$__all'] }) : builder;
  },
});

/** Values that are known beforehand; the first one at first. */
export const listed = (name: string, values: readonly string[], { label, description }: Choice): Variable => ({
  name,
  values,
  build: () =>
    new CustomVariableBuilder(name)
      .label(label)
      .description(description)
      .values(values.join(','))
      .current({ text: values[0] ?? '', value: values[0] ?? '' })
      .options(values.map((value, index) => ({ text: value, value, selected: index === 0 }))),
});
