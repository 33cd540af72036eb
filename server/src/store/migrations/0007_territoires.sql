-- Territories that the national assistance has given to a consultant, beside that of its guichet.
CREATE TABLE agent_territoire (
    agent BYTEA NOT NULL REFERENCES agent (id),
    territoire TEXT NOT NULL,
    PRIMARY KEY (agent, territoire)
);
