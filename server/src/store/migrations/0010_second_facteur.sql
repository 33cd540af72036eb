-- A second factor at sign-in: codes that an agent's authenticator and the server both compute (RFC 6238).
CREATE TABLE second_facteur (
    agent BYTEA PRIMARY KEY REFERENCES agent (id),
    -- Readable: the server must compute the same codes.
    secret BYTEA NOT NULL,
    -- Null until a first code has shown that the authenticator has the secret.
    actif_depuis BIGINT,
    -- The last step of time whose code was taken: that one and those before it are not taken again.
    dernier_pas BIGINT NOT NULL,
    -- Wrong codes since the last right one, from wherever they came.
    echecs BIGINT NOT NULL
);

-- Codes to be used once each when the authenticator is lost.
CREATE TABLE code_de_secours (
    code_hash BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id)
);

CREATE INDEX code_de_secours_agent ON code_de_secours (agent);

-- A password was right, the code is still to come. A table of its own: what lies here opens no page by mistake.
CREATE TABLE session_a_demi (
    jeton_hash BYTEA PRIMARY KEY,
    agent BYTEA NOT NULL REFERENCES agent (id),
    expire_le BIGINT NOT NULL,
    essais BIGINT NOT NULL
);

CREATE INDEX session_a_demi_agent ON session_a_demi (agent);
