-- The inventory service's own data. Nothing but events ever fills it.
CREATE TABLE items (
  sku VARCHAR(32) NOT NULL PRIMARY KEY,
  available INT NULL,
  price DECIMAL(10, 2) NULL
) ENGINE=InnoDB;

-- Every event as it was applied. event_id is deliberately not unique: an event that was applied twice must
-- show here, not be refused.
CREATE TABLE applied (
  position BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  event_id VARCHAR(64) NOT NULL,
  kind ENUM('stock', 'price') NOT NULL,
  sku VARCHAR(32) NOT NULL,
  value VARCHAR(32) NOT NULL,
  delta INT NULL,
  movement BIGINT UNSIGNED NULL,
  recorded_at TIMESTAMP(6) NOT NULL,
  handled_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  KEY applied_handled (handled_at)
) ENGINE=InnoDB;
