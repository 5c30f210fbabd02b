-- The control plane's one locked row: every change of stages takes the next revision from it.
CREATE TABLE IF NOT EXISTS `banyan_control` (
  `id` TINYINT UNSIGNED NOT NULL DEFAULT 1,
  `generation` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `revision` BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `banyan_context` (
  `name` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `reads` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `writes` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `salt` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `revision` BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (`name`),
  CONSTRAINT `banyan_context_json` CHECK (JSON_VALID(`reads`) AND JSON_VALID(`writes`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `banyan_audit` (
  `id` BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  `revision` BIGINT UNSIGNED NOT NULL,
  `at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `actor` VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `action` VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `context` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `before` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  `after` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `reason` VARCHAR(1000) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL DEFAULT NULL,
  PRIMARY KEY (`id`),
  KEY `banyan_audit_context` (`context`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The gateways that are registered, and the revision that each has in force. Two processes of one name are told apart
-- by `instance`.
CREATE TABLE IF NOT EXISTS `banyan_gateway` (
  `gateway` VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `instance` VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `generation` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  `revision` BIGINT UNSIGNED NOT NULL,
  `writes_in_flight` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  `started_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  `seen_at` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  PRIMARY KEY (`gateway`),
  CONSTRAINT `banyan_gateway_json` CHECK (JSON_VALID(`writes_in_flight`))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
