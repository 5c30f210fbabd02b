-- Which aggregate types go to another stream than the outbox' own: {"order": "shop-orders"}.
SET SESSION lock_wait_timeout = 5;

SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox_stream`
    ADD COLUMN `aggregates` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
    ALGORITHM=INSTANT')
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox_stream' AND column_name = 'aggregates');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;
