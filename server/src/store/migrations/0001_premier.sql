-- The first schema. Ids and digests are BYTEA, instants BIGINT (Unix milliseconds, UTC), days TEXT (YYYY-MM-DD),
-- yes/no BIGINT 0 or 1.

CREATE TABLE schema_version (
    version BIGINT PRIMARY KEY,
    appliquee_le BIGINT NOT NULL
);

CREATE TABLE guichet (
    code TEXT PRIMARY KEY,
    nom TEXT NOT NULL,
    territoire TEXT NOT NULL,
    contact TEXT
);

-- Territories whose demandeurs see the national events. A territory that is not here has not asked for it.
CREATE TABLE territoire_ouvert (
    territoire TEXT PRIMARY KEY,
    ouvert_le BIGINT NOT NULL
);

CREATE TABLE demande (
    id BYTEA PRIMARY KEY,
    numero TEXT NOT NULL UNIQUE,
    territoire TEXT NOT NULL,
    date_depot TEXT NOT NULL,
    etat TEXT NOT NULL CHECK (etat IN ('active', 'radiee')),
    version TEXT NOT NULL,
    guichet TEXT NOT NULL REFERENCES guichet (code),
    modifiee_le TEXT NOT NULL,
    renouvelee_le TEXT,
    a_renouveler_avant TEXT NOT NULL,
    -- Argon2id of the code télé-demandeur; null until one was issued.
    code_hash TEXT
);

CREATE TABLE personne (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    role TEXT NOT NULL CHECK (role IN ('demandeur', 'cotitulaire', 'personne_a_charge')),
    nom TEXT NOT NULL,
    prenom TEXT NOT NULL,
    -- Null for a child not yet born.
    date_naissance TEXT
);
CREATE INDEX personne_demande ON personne (demande);

-- Only hashes of tokens are here.
CREATE TABLE session (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    -- The part of the refresh token that stays through every rotation.
    famille_hash BYTEA NOT NULL UNIQUE,
    acces_hash BYTEA NOT NULL UNIQUE,
    acces_expire_le BIGINT NOT NULL,
    refresh_hash BYTEA NOT NULL,
    -- The refresh token before, while nothing shows that the device has received the newest tokens; null once one of
    -- them was used.
    refresh_precedent_hash BYTEA,
    cree_le BIGINT NOT NULL,
    expire_le BIGINT NOT NULL
);
CREATE INDEX session_demande ON session (demande);

CREATE TABLE blob (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    taille BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    cree_le BIGINT NOT NULL
);

CREATE TABLE piece_demandee (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    rubrique TEXT NOT NULL,
    type TEXT,
    personne BYTEA REFERENCES personne (id),
    message TEXT NOT NULL,
    guichet TEXT NOT NULL REFERENCES guichet (code),
    demandee_le BIGINT NOT NULL,
    -- When it was first answered; null again when the answer is withdrawn, refused or unusable.
    close_le BIGINT,
    evenement BYTEA NOT NULL
);
CREATE INDEX piece_demandee_demande ON piece_demandee (demande);

CREATE TABLE justificatif (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    personne BYTEA REFERENCES personne (id),
    rubrique TEXT NOT NULL,
    type TEXT NOT NULL,
    nom TEXT,
    -- Null once the bytes are erased (withdrawn, dangerous): the row stays, and with it the receipt.
    blob BYTEA REFERENCES blob (id),
    taille BIGINT NOT NULL,
    sha256 BYTEA NOT NULL,
    sha256_original BYTEA,
    origine TEXT NOT NULL CHECK (origine IN ('application', 'portail', 'guichet', 'numeriseur')),
    origine_guichet TEXT,
    -- Which session deposited it. Not a reference: sessions go, pieces stay.
    session BYTEA,
    depose_le BIGINT NOT NULL,
    media_type TEXT,
    pages BIGINT,
    controle TEXT NOT NULL CHECK (controle IN ('en_verification', 'disponible', 'refuse')),
    controle_raison TEXT,
    controle_le BIGINT,
    examen TEXT NOT NULL CHECK (examen IN ('a_examiner', 'accepte', 'inexploitable', 'hors_perimetre', 'obsolete')),
    examen_raison TEXT,
    examen_date TEXT,
    examine_le BIGINT,
    premiere_consultation BIGINT,
    retire_le BIGINT,
    -- The piece of which this is a new version.
    remplace BYTEA,
    -- The newer version that took its place, while that version counts.
    remplace_par BYTEA,
    piece_demandee BYTEA REFERENCES piece_demandee (id)
);
CREATE INDEX justificatif_demande ON justificatif (demande);
CREATE INDEX justificatif_a_inspecter ON justificatif (depose_le) WHERE controle = 'en_verification';

-- One row per upload; an attached one stays, since the receipt is read through it.
CREATE TABLE depot (
    upload BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    depot BYTEA NOT NULL,
    session BYTEA NOT NULL,
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
-- A deposit that failed may be begun again under the same id.
CREATE UNIQUE INDEX depot_vivant ON depot (demande, depot) WHERE etat IN ('en_cours', 'attache');
CREATE INDEX depot_expire ON depot (expire_le) WHERE etat <> 'attache';

CREATE TABLE evenement (
    id BYTEA PRIMARY KEY,
    demande BYTEA NOT NULL REFERENCES demande (id),
    code TEXT NOT NULL,
    libelle TEXT NOT NULL,
    -- The guichet that made it; null for the system.
    guichet TEXT REFERENCES guichet (code),
    survenu_le TEXT NOT NULL,
    national BIGINT NOT NULL,
    reglementaire BIGINT NOT NULL,
    supprime BIGINT NOT NULL,
    details TEXT,
    cree_le BIGINT NOT NULL
);
CREATE INDEX evenement_demande ON evenement (demande);

CREATE TABLE agent (
    id BYTEA PRIMARY KEY,
    courriel TEXT NOT NULL UNIQUE,
    nom TEXT NOT NULL,
    guichet TEXT NOT NULL REFERENCES guichet (code),
    profil TEXT NOT NULL CHECK (profil IN ('guichet', 'consultant_simple', 'consultant_demande', 'consultant_sensible')),
    mot_de_passe_hash TEXT NOT NULL,
    -- Until an account is certified it sees nothing.
    etat TEXT NOT NULL CHECK (etat IN ('a_certifier', 'certifie'))
);

CREATE TABLE session_agent (
    jeton_hash BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    expire_le BIGINT NOT NULL
);

-- Who looked at what: an agent's every opening of a document, written before its first byte leaves.
CREATE TABLE consultation (
    id BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    justificatif BYTEA NOT NULL REFERENCES justificatif (id),
    le BIGINT NOT NULL
);
CREATE INDEX consultation_justificatif ON consultation (justificatif);

-- Failed attempts to sign in, counted by window of time. The key is a hash: no numéro, no address.
CREATE TABLE tentative (
    cle BYTEA NOT NULL,
    fenetre BIGINT NOT NULL,
    nombre BIGINT NOT NULL,
    PRIMARY KEY (cle, fenetre)
);
CREATE INDEX tentative_fenetre ON tentative (fenetre);
