-- Numbers within a key, replays, and how an event ended. Each change is made in place and without a copy of the table;
-- where a transaction holds the table for longer than this, the change gives up instead of holding up all writers.
SET SESSION lock_wait_timeout = 5;

SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox`
    ADD COLUMN `sequence` BIGINT UNSIGNED NULL DEFAULT NULL,
    ADD COLUMN `stream` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
    ADD COLUMN `replay` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
    ADD COLUMN `parked_kind` ENUM(''poison'', ''paused'') CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
    ADD COLUMN `parked_at` TIMESTAMP(6) NULL DEFAULT NULL,
    ADD COLUMN `outcome` ENUM(''acknowledged'', ''silent'', ''skipped'', ''discarded'', ''erased'') CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
    ALGORITHM=INSTANT')
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox' AND column_name = 'outcome');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;

SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox`
    DROP INDEX `banyan_outbox_state_bucket`,
    ADD INDEX `banyan_outbox_state_bucket` (`state`, `bucket`, `id`, `partition_key`, `bytes`, `stream`),
    ALGORITHM=INPLACE, LOCK=NONE')
  FROM information_schema.statistics
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox' AND index_name = 'banyan_outbox_state_bucket' AND column_name = 'stream');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;
