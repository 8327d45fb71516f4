#!/bin/sh
# Makes Temporal's two databases, or brings those that exist to the schema of this version.
set -eu
prepare() {
  tool="temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u postgres --db $1"
  schema="/etc/temporal/schema/postgresql/v12/$2/versioned"
  if $tool update-schema -d "$schema"; then return; fi
  $tool create
  $tool setup-schema -v 0.0
  $tool update-schema -d "$schema"
}
prepare temporal temporal
prepare temporal_visibility visibility
