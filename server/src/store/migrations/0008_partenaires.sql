-- Partners deposit by a key of their own. Only its SHA-256 is here.
CREATE TABLE cle_partenaire (
    id BYTEA PRIMARY KEY,
    -- The partner's name, which several keys may bear: one for each guichet, the old and the new one.
    partenaire TEXT NOT NULL,
    -- How the pieces are marked that come by it.
    origine TEXT NOT NULL CHECK (origine IN ('numeriseur')),
    origine_guichet TEXT NOT NULL REFERENCES guichet (code),
    cle_hash BYTEA NOT NULL UNIQUE,
    creee_le BIGINT NOT NULL,
    revoquee_le BIGINT
);

-- What a partner deposited under which reference of its own, so that the same again finds the same receipt.
CREATE TABLE depot_partenaire (
    partenaire TEXT NOT NULL,
    reference TEXT NOT NULL,
    upload BYTEA NOT NULL REFERENCES depot (upload),
    PRIMARY KEY (partenaire, reference)
);
