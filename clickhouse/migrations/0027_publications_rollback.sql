-- A publication may also be the return to an earlier run.
ALTER TABLE publications_raw_v1 {on_cluster}
MODIFY COLUMN reason Enum8('close' = 1, 'reopen' = 2, 'command' = 3, 'replay' = 4, 'rollback' = 5)
