-- Version 2: calls in which nobody ever met anybody, which make room for others.

ALTER TABLE calls ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;
UPDATE calls SET alone = 1 WHERE (SELECT count(*) FROM call_users WHERE call = calls.id) < 2;
CREATE INDEX calls_alone_by_end ON calls (ended, id) WHERE ended IS NOT NULL AND alone = 1;
