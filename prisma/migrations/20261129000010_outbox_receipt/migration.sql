-- What the stream said when it took an event. Beside the event and not in its row: a row that grows as it is settled
-- splits its page.
CREATE TABLE IF NOT EXISTS `banyan_outbox_receipt` (
  `id` BIGINT UNSIGNED NOT NULL,
  `settled_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `settled_epoch` BIGINT UNSIGNED NOT NULL,
  `shard_id` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  `sequence_number` VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
