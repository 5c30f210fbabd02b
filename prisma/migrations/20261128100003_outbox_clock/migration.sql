-- When a row was appended by the server's own clock, which no session can set: CURRENT_TIMESTAMP follows a writer's
-- `SET timestamp`. Rows that are there already have none, and count by `appended_at`. Both changes are made in place;
-- where a transaction holds the table for longer than this, they give up instead of holding up all writers.
SET SESSION lock_wait_timeout = 5;

SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox`
    ADD COLUMN `server_clock` CHAR(18) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
    ALGORITHM=INSTANT')
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox' AND column_name = 'server_clock');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;

-- A change of its own: a column added with such a default would be computed for every row that is there.
SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox`
    ALTER COLUMN `server_clock` SET DEFAULT (LEFT(UUID(),18)),
    ALGORITHM=INSTANT')
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox' AND column_name = 'server_clock'
   AND column_default LIKE '%uuid%');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;
