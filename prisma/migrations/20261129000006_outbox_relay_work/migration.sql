-- What each relay has in hand, for `banyan relay status`; added in place, and given up where the table is held for long.
SET SESSION lock_wait_timeout = 5;

SET @banyan_change = (SELECT IF(COUNT(*) > 0, 'DO 0', '
  ALTER TABLE `banyan_outbox_relay`
    ADD COLUMN `in_flight` INT UNSIGNED NULL DEFAULT NULL,
    ADD COLUMN `unsettled` INT UNSIGNED NULL DEFAULT NULL,
    ADD COLUMN `acknowledged_at` TIMESTAMP(6) NULL DEFAULT NULL,
    ALGORITHM=INSTANT')
  FROM information_schema.columns
 WHERE table_schema = DATABASE() AND table_name = 'banyan_outbox_relay' AND column_name = 'acknowledged_at');
PREPARE banyan_change FROM @banyan_change;
EXECUTE banyan_change;
DEALLOCATE PREPARE banyan_change;
