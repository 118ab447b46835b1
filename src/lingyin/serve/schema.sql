-- Studies are both the queue and the worklist. Ids are random and tell nothing about the patient.
CREATE TABLE IF NOT EXISTS studies (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  upload TEXT NOT NULL,
  file TEXT NOT NULL,
  member TEXT,
  mm_per_px REAL,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  stage TEXT,
  progress REAL NOT NULL DEFAULT 0,
  triage TEXT,
  organ TEXT,
  error TEXT,
  rank INTEGER NOT NULL DEFAULT 9,
  created TEXT NOT NULL,
  finished TEXT
);
CREATE INDEX IF NOT EXISTS studies_state ON studies (state, seq);
CREATE INDEX IF NOT EXISTS studies_rank ON studies (rank, seq DESC);
CREATE TABLE IF NOT EXISTS sessions (hash TEXT PRIMARY KEY, expires REAL NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  who TEXT NOT NULL,
  action TEXT NOT NULL,
  study TEXT
);
