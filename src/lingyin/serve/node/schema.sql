-- What the node received, what it made of it, and what it promised. No patient's name or number is kept here.
CREATE TABLE IF NOT EXISTS images (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  sop_instance TEXT NOT NULL UNIQUE,
  sop_class TEXT NOT NULL,
  study TEXT NOT NULL,
  sender TEXT NOT NULL,
  file TEXT NOT NULL UNIQUE,
  expected INTEGER,
  received REAL NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  triage TEXT,
  error TEXT
);
CREATE INDEX IF NOT EXISTS images_state ON images (state, seq);
CREATE INDEX IF NOT EXISTS images_study ON images (study);
CREATE TABLE IF NOT EXISTS results (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  image INTEGER NOT NULL REFERENCES images (seq),
  sop_instance TEXT NOT NULL UNIQUE,
  sop_class TEXT NOT NULL,
  transfer_syntax TEXT NOT NULL,
  file TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due REAL NOT NULL,
  error TEXT
);
CREATE INDEX IF NOT EXISTS results_state ON results (state, due);
CREATE TABLE IF NOT EXISTS commitments (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_uid TEXT NOT NULL,
  requester TEXT NOT NULL,
  asked TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'dead')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due REAL NOT NULL,
  error TEXT,
  UNIQUE (transaction_uid, requester)
);
CREATE TABLE IF NOT EXISTS events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  what TEXT NOT NULL,
  file TEXT NOT NULL,
  reason TEXT
);
