-- How agents see pieces: turned as the last reader left them, listed by territory while they wait to be judged.
ALTER TABLE justificatif ADD COLUMN rotation BIGINT NOT NULL DEFAULT 0 CHECK (rotation IN (0, 90, 180, 270));

-- That of the demande, again: the work list of a territory is one walk along an index. Follows the demande.
ALTER TABLE justificatif ADD COLUMN territoire TEXT;

UPDATE justificatif SET territoire = (SELECT territoire FROM demande WHERE demande.id = justificatif.demande);

CREATE INDEX justificatif_a_examiner ON justificatif (territoire, depose_le, id, premiere_consultation, rubrique, type)
    WHERE controle = 'disponible' AND examen = 'a_examiner' AND retire_le IS NULL AND remplace_par IS NULL;

-- Names as they are looked for: without accents, in lower case; and the territory again, for the same reason.
ALTER TABLE personne ADD COLUMN nom_cle TEXT;
ALTER TABLE personne ADD COLUMN territoire TEXT;

UPDATE personne SET nom_cle = lower(nom),
    territoire = (SELECT territoire FROM demande WHERE demande.id = personne.demande);

CREATE INDEX personne_nom ON personne (territoire, nom_cle, prenom, id);

-- What an agent has typed of a judgement and not yet said.
CREATE TABLE brouillon (
    agent BYTEA NOT NULL REFERENCES agent (id),
    justificatif BYTEA NOT NULL REFERENCES justificatif (id),
    champs TEXT NOT NULL,
    le BIGINT NOT NULL,
    PRIMARY KEY (agent, justificatif)
);

-- The Dalo facts of the SNE's header, and where the demandeur reads mail.
ALTER TABLE demande ADD COLUMN courriel TEXT;
ALTER TABLE demande ADD COLUMN dalo TEXT;
