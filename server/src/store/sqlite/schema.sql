-- Version 1. Later versions are steps of their own, beside this file: what is here is on disks.
-- Ids are UUIDs as text, whose order is theirs; times are milliseconds since the Unix epoch.

CREATE TABLE calls (
  id TEXT NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  room TEXT,
  began INTEGER NOT NULL,
  ended INTEGER,
  deadline INTEGER,
  leased_until INTEGER NOT NULL DEFAULT 0,
  log TEXT NOT NULL,  -- JSON: what GET /api/calls shows
  rest TEXT NOT NULL  -- JSON: what the hub needs to go on with it
) STRICT;

CREATE INDEX calls_by_age ON calls (began, id);
CREATE INDEX calls_by_status ON calls (status, began, id);
CREATE INDEX calls_by_end ON calls (ended, id) WHERE ended IS NOT NULL;
CREATE INDEX calls_by_deadline ON calls (deadline, id) WHERE deadline IS NOT NULL;
CREATE INDEX calls_by_room ON calls (room) WHERE room IS NOT NULL AND ended IS NULL;

-- Whose log a call is in.
CREATE TABLE call_users (
  user TEXT NOT NULL,
  began INTEGER NOT NULL,
  call TEXT NOT NULL,
  status TEXT NOT NULL,
  PRIMARY KEY (user, began, call)
) STRICT, WITHOUT ROWID;

CREATE INDEX call_users_by_status ON call_users (user, status, began, call);
CREATE INDEX call_users_by_call ON call_users (call);

-- Whose one direct call it is.
CREATE TABLE claims (
  user TEXT NOT NULL PRIMARY KEY,
  call TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX claims_by_call ON claims (call);

CREATE TABLE sessions (
  id TEXT NOT NULL PRIMARY KEY,
  body TEXT NOT NULL  -- JSON; tokens are hashes
) STRICT;

CREATE TABLE meta (
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
