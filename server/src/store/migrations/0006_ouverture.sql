-- Which territories' gestionnaires have asked that their demandeurs see the national events. Opened or not is in
-- territoire_ouvert; who asked stays.
CREATE TABLE ouverture_demandee (
    territoire TEXT PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    demandee_le BIGINT NOT NULL
);
