-- Who should have access at a guichet, as its gestionnaire last sent it: one list for each guichet.
CREATE TABLE liste_acces (
    guichet TEXT PRIMARY KEY REFERENCES guichet (code),
    envoyee_le BIGINT NOT NULL,
    -- Who sent it.
    agent BYTEA NOT NULL REFERENCES agent (id)
);

CREATE TABLE ligne_acces (
    guichet TEXT NOT NULL REFERENCES liste_acces (guichet),
    -- Its place in the list, from 1.
    rang BIGINT NOT NULL,
    courriel TEXT NOT NULL,
    nom TEXT NOT NULL,
    profil TEXT NOT NULL CHECK (profil IN ('guichet', 'consultant_simple', 'consultant_demande', 'consultant_sensible',
        'gestionnaire_territorial')),
    PRIMARY KEY (guichet, courriel)
);
