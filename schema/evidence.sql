-- The evidence log: one append-only table of observations, one of bodies. SQLite 3.37 or newer (STRICT), WAL, synchronous=FULL.
--
-- Digests. Integers are 8 bytes, big-endian; a text or digest is its length (4 bytes, big-endian) and its bytes.
--   leaf  = SHA-256(0x00 || "gonogo/leaf/v1" || origin || seq || received_at || boottime_ns || boot_id || source || kind || subject
--                   || SHA-256(request) || marks || SHA-256(body))
--   chain = SHA-256(chain of the row before || leaf); before the first row: SHA-256(origin)
-- The body enters by its digest, so that retention can drop a body and the log still verifies.
--
-- Projections. Workloads (Deployment, DaemonSet) and pods are stored without what may hold secrets: only apiVersion, kind, metadata
-- (without managedFields and the annotation kubectl.kubernetes.io/last-applied-configuration), and of spec and status what
-- collector/project.c lists (replicas, selector, strategy, images, ports, probes, resources, readiness; no env, args, command,
-- volumes, nor the commands and headers of probes); "digest" is the SHA-256 of the bytes that came. Their rows bear the mark "projected".

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,          -- origin: "gonogo/CLUSTER/evidence"; clean_seq: last seq at the last clean close;
                                   -- export: the rollout whose rows these are (gonogo export). An export has one more table,
                                   -- omitted (seq, leaf_sha256): the leaves of the rows that it leaves out, so that the chain
                                   -- verifies from the origin to the log's own head
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE body (
  sha256   BLOB PRIMARY KEY CHECK (length(sha256) = 32),
  size     INTEGER NOT NULL,       -- bytes before compression
  encoding TEXT NOT NULL CHECK (encoding IN ('identity', 'zlib')),
  bytes    BLOB NOT NULL
) STRICT;                          -- with rowids: bodies lie in order of arrival, only their digests in a tree

CREATE TABLE observation (
  seq          INTEGER PRIMARY KEY CHECK (seq > 0),
  received_at  INTEGER NOT NULL,   -- ns since 1970 UTC
  boottime_ns  INTEGER NOT NULL,   -- CLOCK_BOOTTIME: orders rows of one boot whatever the wall clock did
  boot_id      TEXT NOT NULL,
  source       TEXT NOT NULL CHECK (source IN ('kubernetes', 'flagger', 'prometheus', 'collector', 'human')),
  kind         TEXT NOT NULL,      -- see include/gonogo/observation.h
  subject      TEXT NOT NULL,      -- the object itself: "Canary develop/backend"
  request      TEXT NOT NULL,      -- what was asked: a path, a query; '' if nothing was
  marks        TEXT NOT NULL,      -- redacted, projected, unparsed, backfilled, stale; space-separated
  body_sha256  BLOB NOT NULL CHECK (length(body_sha256) = 32),
  leaf_sha256  BLOB NOT NULL CHECK (length(leaf_sha256) = 32),
  chain_sha256 BLOB NOT NULL CHECK (length(chain_sha256) = 32)
) STRICT;

CREATE INDEX observation_source ON observation (source, received_at);
CREATE INDEX observation_subject ON observation (subject, received_at);

-- Which versions of which objects are stored: a relist brings back what is known.
CREATE TABLE seen (
  uid              TEXT NOT NULL,
  resource_version TEXT NOT NULL,  -- opaque: compared for equality only
  PRIMARY KEY (uid, resource_version)
) STRICT, WITHOUT ROWID;

-- These stop mistakes, not tampering: the chain is for that.
CREATE TRIGGER observation_no_update BEFORE UPDATE ON observation BEGIN SELECT RAISE(ABORT, 'observations are append-only'); END;
CREATE TRIGGER observation_no_delete BEFORE DELETE ON observation BEGIN SELECT RAISE(ABORT, 'observations are append-only'); END;
CREATE TRIGGER body_no_update BEFORE UPDATE ON body BEGIN SELECT RAISE(ABORT, 'bodies are append-only'); END;
