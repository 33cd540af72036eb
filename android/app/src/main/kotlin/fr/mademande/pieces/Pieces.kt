package fr.mademande.pieces

import fr.mademande.coeur.ClientInterface
import fr.mademande.coeur.Justificatif
import java.time.Instant

/** The pieces with the names of the people they concern, as seen last and as the server has them now. */
class Pieces(private val client: ClientInterface) {
    suspend fun seen(): Pair<List<PieceState>, Instant>? =
        client.justificatifsConnus()?.let { list(it.justificatifs) to it.le }

    suspend fun fresh(): List<PieceState> = list(client.justificatifs())

    private suspend fun list(pieces: List<Justificatif>): List<PieceState> {
        // Who is on a demande hardly ever changes: what was seen will do, so that one question is asked and not two.
        val people = (client.demandeConnue()?.demande ?: client.demande()).personnes
        return PieceState.list(pieces, people, client.nomenclature())
    }
}
