-- Guichets deposit pieces too, and mask what should not be read.

-- An upload is a session's or an agent's.
CREATE TABLE depot_nouveau (
    upload BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    depot BYTEA NOT NULL,
    session BYTEA,
    agent BYTEA REFERENCES agent (id),
    -- Upload-Metadata as sent: what HEAD repeats, and the facts that the next POST of this deposit must equal.
    entete TEXT NOT NULL,
    taille BIGINT NOT NULL,
    recus BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    etat TEXT NOT NULL CHECK (etat IN ('en_cours', 'attache', 'echoue', 'abandonne')),
    justificatif BYTEA REFERENCES justificatif (id),
    doublon BIGINT NOT NULL,
    cree_le BIGINT NOT NULL,
    expire_le BIGINT NOT NULL
);
INSERT INTO depot_nouveau SELECT upload, demande, depot, session, NULL, entete, taille, recus, generation, etat,
    justificatif, doublon, cree_le, expire_le FROM depot;
DROP TABLE depot;
ALTER TABLE depot_nouveau RENAME TO depot;
CREATE UNIQUE INDEX depot_vivant ON depot (demande, depot) WHERE etat IN ('en_cours', 'attache');
CREATE INDEX depot_expire ON depot (expire_le) WHERE etat <> 'attache';

-- 1 until the inspecteur has prepared what no phone did.
ALTER TABLE justificatif ADD COLUMN a_preparer BIGINT NOT NULL DEFAULT 0;

-- While places are masked: the document before that, until it is purged. `blob` is then the masked one; `taille` and
-- `sha256` stay what the deposit acknowledged.
ALTER TABLE justificatif ADD COLUMN original BYTEA REFERENCES blob (id);
ALTER TABLE justificatif ADD COLUMN original_type TEXT;
ALTER TABLE justificatif ADD COLUMN masque_le BIGINT;
-- Bytes of the masked one.
ALTER TABLE justificatif ADD COLUMN masque_taille BIGINT;
CREATE INDEX justificatif_original ON justificatif (masque_le) WHERE original IS NOT NULL;

-- The rectangles that are masked, all burnt again from the original when one comes or goes. In ten-thousandths of the
-- page's sides.
CREATE TABLE masque (
    justificatif BYTEA NOT NULL REFERENCES justificatif (id),
    rang BIGINT NOT NULL,
    page BIGINT NOT NULL,
    gauche BIGINT NOT NULL,
    haut BIGINT NOT NULL,
    droite BIGINT NOT NULL,
    bas BIGINT NOT NULL,
    PRIMARY KEY (justificatif, rang)
);
