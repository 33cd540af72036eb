package fr.mademande.coeur

/** The sentence of a failure, whatever its class: for the screen, never for a log. */
val Echec.phrase: Phrase
    get() = when (this) {
        is Echec.Session -> raison
        is Echec.Reseau -> raison
        is Echec.Refus -> raison
        is Echec.Fichier -> raison
        is Echec.ADecoder -> raison
        is Echec.DepotsEnAttente -> raison
        is Echec.ReponseInattendue -> raison
        is Echec.Appareil -> raison
        is Echec.Interrompu -> raison
        is Echec.Interne -> raison
    }
