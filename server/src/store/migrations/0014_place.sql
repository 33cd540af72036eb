-- What uploads under way have still to receive is summed up at each beginning: an index of just those.
CREATE INDEX depot_en_cours ON depot (taille, recus) WHERE etat = 'en_cours';
