-- The data key of a demande's bytes, wrapped by a master key that lies in a file elsewhere. Without its row nobody reads
-- the bytes any more, wherever copies of them lie.
CREATE TABLE cle (
    demande BYTEA PRIMARY KEY REFERENCES demande (id),
    -- Which master key wraps it: its name, which says nothing of it.
    maitresse BYTEA NOT NULL,
    enveloppe BYTEA NOT NULL,
    creee_le BIGINT NOT NULL
);
CREATE INDEX cle_maitresse ON cle (maitresse);
