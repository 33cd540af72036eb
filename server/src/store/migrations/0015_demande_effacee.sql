-- Demandes that were erased whole, for as long as a backup could bring them back. No reference: it is gone.
CREATE TABLE demande_effacee (
    demande BYTEA PRIMARY KEY,
    motif TEXT NOT NULL CHECK (motif IN ('radiee', 'demandee', 'erreur')),
    effacee_le BIGINT NOT NULL
);

-- A row goes only once nothing refers to it, which is looked up in every table that could. Without an index each such look
-- reads all of it, under the lock of whoever writes: a withdrawn piece would cost a walk through all pieces.
CREATE INDEX justificatif_blob ON justificatif (blob) WHERE blob IS NOT NULL;
CREATE INDEX justificatif_blob_original ON justificatif (original) WHERE original IS NOT NULL;
CREATE INDEX justificatif_slot ON justificatif (piece_demandee) WHERE piece_demandee IS NOT NULL;
CREATE INDEX justificatif_personne ON justificatif (personne) WHERE personne IS NOT NULL;
CREATE INDEX piece_demandee_personne ON piece_demandee (personne) WHERE personne IS NOT NULL;
CREATE INDEX apercu_blob ON apercu (blob);
CREATE INDEX brouillon_justificatif ON brouillon (justificatif);
CREATE INDEX blob_demande ON blob (demande);
CREATE INDEX depot_demande ON depot (demande);
CREATE INDEX depot_justificatif ON depot (justificatif) WHERE justificatif IS NOT NULL;
CREATE INDEX depot_partenaire_upload ON depot_partenaire (upload);
