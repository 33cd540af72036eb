-- Accounts that agents ask for themselves, and the journal of who did what. Sessions of agents end: they sign in again.
CREATE TABLE compte (
    id BYTEA PRIMARY KEY,
    courriel TEXT NOT NULL UNIQUE,
    nom TEXT NOT NULL,
    guichet TEXT NOT NULL REFERENCES guichet (code),
    profil TEXT NOT NULL CHECK (profil IN ('guichet', 'consultant_simple', 'consultant_demande', 'consultant_sensible',
        'gestionnaire_territorial', 'assistance_nationale')),
    -- Null until the address is confirmed: whoever can read its mail chooses the first password.
    mot_de_passe_hash TEXT,
    -- Until an account is certified it sees nothing.
    etat TEXT NOT NULL CHECK (etat IN ('a_confirmer', 'a_completer', 'a_certifier', 'certifie', 'refuse', 'desactive')),
    -- The fiche collecte, as its agent sent it.
    fonction TEXT,
    telephone TEXT,
    fiche_envoyee_le BIGINT,
    -- Why the assistance refused or deactivated it.
    motif TEXT,
    cree_le BIGINT NOT NULL
);

INSERT INTO compte (id, courriel, nom, guichet, profil, mot_de_passe_hash, etat, cree_le)
    SELECT id, courriel, nom, guichet, profil, mot_de_passe_hash, etat, 0 FROM agent;

CREATE INDEX compte_a_certifier ON compte (fiche_envoyee_le) WHERE etat = 'a_certifier';

-- What was done, in the order in which it was; every line carries a seal over itself and the line before, so that a line
-- that was removed or changed shows. No references: what is erased leaves its lines.
CREATE TABLE journal (
    rang BIGINT PRIMARY KEY,
    le BIGINT NOT NULL,
    acte TEXT NOT NULL,
    -- Null for the operator's commands.
    agent BYTEA,
    guichet TEXT,
    -- Whose gestionnaire may read the line; null where it concerns no territory.
    territoire TEXT,
    demande BYTEA,
    justificatif BYTEA,
    details TEXT,
    -- Null only for lines from before there were seals; the next line seals them.
    sceau BYTEA
);

INSERT INTO journal (rang, le, acte, agent, guichet, territoire, demande, justificatif)
    SELECT row_number() OVER (ORDER BY consultation.le, consultation.id), consultation.le, 'consultation', agent.id,
        agent.guichet, demande.territoire, demande.id, justificatif.id
    FROM consultation JOIN agent ON agent.id = consultation.agent
    JOIN justificatif ON justificatif.id = consultation.justificatif JOIN demande ON demande.id = justificatif.demande;

CREATE INDEX journal_territoire ON journal (territoire, rang);
CREATE INDEX journal_piece ON journal (justificatif, agent, le);

DROP TABLE consultation;
DROP TABLE session_agent;
DROP TABLE agent;
ALTER TABLE compte RENAME TO agent;

CREATE TABLE session_agent (
    jeton_hash BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    expire_le BIGINT NOT NULL
);

CREATE INDEX session_agent_agent ON session_agent (agent);

-- One-time links: to confirm an address and choose a password, or to choose a new one.
CREATE TABLE lien (
    jeton_hash BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    expire_le BIGINT NOT NULL
);

CREATE INDEX lien_agent ON lien (agent);

-- Mail that waits to be sent: written with what it tells, in one transaction.
CREATE TABLE courriel (
    id BYTEA PRIMARY KEY,
    destinataire TEXT NOT NULL,
    sujet TEXT NOT NULL,
    corps TEXT NOT NULL,
    essais BIGINT NOT NULL,
    -- When it is next tried.
    a_envoyer_le BIGINT NOT NULL
);

CREATE INDEX courriel_a_envoyer ON courriel (a_envoyer_le);

-- Who judged a piece, and what its judgement was before, for the one step back.
ALTER TABLE justificatif ADD COLUMN examinateur BYTEA;
ALTER TABLE justificatif ADD COLUMN examen_precedent TEXT;
