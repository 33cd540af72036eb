-- What was erased on purpose, for as long as a backup could bring it back. No references: what it names is gone.
CREATE TABLE effacement (
    blob BYTEA PRIMARY KEY,
    justificatif BYTEA NOT NULL,
    motif TEXT NOT NULL CHECK (motif IN ('retire', 'dangereux', 'original')),
    efface_le BIGINT NOT NULL
);
CREATE INDEX effacement_date ON effacement (efface_le);
