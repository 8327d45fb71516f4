-- Spans of Jaeger, and the server's own logs under the names that they have in the stack on one machine.
CREATE DATABASE IF NOT EXISTS jaeger;
CREATE DATABASE IF NOT EXISTS ops;
SYSTEM FLUSH LOGS;
CREATE VIEW IF NOT EXISTS ops.query_log AS SELECT * FROM system.query_log;
CREATE VIEW IF NOT EXISTS ops.part_log AS SELECT * FROM system.part_log;
CREATE VIEW IF NOT EXISTS ops.opentelemetry_span_log AS SELECT * FROM system.opentelemetry_span_log;
