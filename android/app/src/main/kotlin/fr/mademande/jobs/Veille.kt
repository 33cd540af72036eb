package fr.mademande.jobs

import fr.mademande.coeur.ClientInterface
import fr.mademande.coeur.Justificatif
import fr.mademande.coeur.Stop

/** What is new to the person: pieces to be replaced, and pieces that a guichet asks for. */
data class News(val toReplace: Int, val asked: Int)

/** Asks the server, and compares with what it said last: whatever the person has been shown is not news. */
class Veille(private val recus: Recus, private val client: () -> ClientInterface) {
    suspend fun look(): News {
        val client = client()
        val known = client.justificatifsConnus()?.justificatifs.orEmpty().toReplace()
        val knownAsked = client.demandeConnue()?.demande?.piecesDemandees.orEmpty().map { it.id }.toSet()
        recus.keep(Stop().use { client.suivre(it) })
        return News(
            toReplace = (client.justificatifs().toReplace() - known).size,
            asked = client.demande().piecesDemandees.count { it.id !in knownAsked },
        )
    }

    private fun List<Justificatif>.toReplace(): Set<String> = filter { it.mot.aFaire }.map { it.id }.toSet()
}
