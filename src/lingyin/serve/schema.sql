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
-- Whose scan a study is: a hash of the patient number, so that earlier studies are found; never the number itself.
CREATE TABLE IF NOT EXISTS patients (
  study TEXT PRIMARY KEY,
  patient TEXT NOT NULL,
  made TEXT NOT NULL,
  organ TEXT
);
CREATE INDEX IF NOT EXISTS patients_patient ON patients (patient, made);
-- Every signature: its hash stands here too, out of reach of whoever changes a report's files.
CREATE TABLE IF NOT EXISTS reviews (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  study TEXT NOT NULL,
  at TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  status TEXT NOT NULL,
  organ TEXT,
  findings INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  added INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS reviews_study ON reviews (study, seq);
-- Objects for DICOMweb: received scans and results. `file` lies within the data folder; `attributes` are those that
-- searches answer with (DICOM JSON model), so this table holds what the headers say of the patient.
CREATE TABLE IF NOT EXISTS instances (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  study TEXT NOT NULL,
  study_uid TEXT NOT NULL,
  series_uid TEXT NOT NULL,
  sop_uid TEXT NOT NULL,
  modality TEXT NOT NULL,
  syntax TEXT NOT NULL,
  file TEXT NOT NULL,
  attributes TEXT NOT NULL,
  UNIQUE (study, sop_uid)
);
CREATE INDEX IF NOT EXISTS instances_uids ON instances (study_uid, series_uid, sop_uid);
CREATE INDEX IF NOT EXISTS instances_sop ON instances (sop_uid);
-- Which state of a report the table above lists the objects of.
CREATE TABLE IF NOT EXISTS indexed (study TEXT PRIMARY KEY, mark TEXT NOT NULL);
