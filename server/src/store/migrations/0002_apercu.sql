-- Pictures of a piece's pages, made by the inspecteur. All those of a piece lie one after another in one blob, which
-- goes when the piece's own does.
CREATE TABLE apercu (
    justificatif BYTEA NOT NULL REFERENCES justificatif (id),
    -- From 1; 0 is the thumbnail.
    page BIGINT NOT NULL,
    blob BYTEA NOT NULL REFERENCES blob (id),
    -- Where the picture begins in the blob, and its bytes.
    debut BIGINT NOT NULL,
    taille BIGINT NOT NULL,
    largeur BIGINT NOT NULL,
    hauteur BIGINT NOT NULL,
    PRIMARY KEY (justificatif, page)
);
