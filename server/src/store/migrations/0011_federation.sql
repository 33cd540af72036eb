-- Who an agent is for an OpenID Connect provider: bound at the first sign-in through it, one of each.
CREATE TABLE identite_federee (
    emetteur TEXT NOT NULL,
    sujet TEXT NOT NULL,
    agent BYTEA NOT NULL REFERENCES agent (id),
    liee_le BIGINT NOT NULL,
    PRIMARY KEY (emetteur, sujet),
    UNIQUE (emetteur, agent)
);
