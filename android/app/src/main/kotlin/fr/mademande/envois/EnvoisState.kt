/* What the page of sendings shows, worked out of the queue and of the receipts. */
package fr.mademande.envois

import fr.mademande.coeur.Contenu
import fr.mademande.coeur.DepotId
import fr.mademande.coeur.Entree
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.Genre
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.Recu
import fr.mademande.demande.DemandeState.Named
import fr.mademande.demande.typeNamed
import fr.mademande.jobs.moves
import java.time.Instant

data class EnvoisState(
    val waiting: List<Waiting> = emptyList(),
    val blocked: List<Blocked> = emptyList(),
    /** Deposits that this version of the app cannot read. */
    val unreadable: List<DepotId> = emptyList(),
    /** Latest first. */
    val receipts: List<Recu> = emptyList(),
    val paused: Boolean = false,
    /** Something waits for a Wi-Fi, by the person's choice. */
    val waitsForWifi: Boolean = false,
) {
    /** Moves by itself. */
    data class Waiting(
        val depot: DepotId,
        val type: Named,
        val step: Step,
        /** Bytes that the server has confirmed, of all. */
        val sent: Long,
        val total: Long,
        val lastFailure: Failure?,
    )

    enum class Step { WAITING, SENDING, CONFIRMING }

    data class Failure(val at: Instant, val genre: Genre)

    /** Moves when the person has done something. */
    data class Blocked(val depot: DepotId, val type: Named, val reason: Phrase)

    /** Bytes that are still to be sent. */
    val bytesLeft: Long get() = waiting.sumOf { it.total - it.sent }

    companion object {
        fun of(queue: Contenu, nomenclature: Nomenclature, receipts: List<Recu>, paused: Boolean, waitsForWifi: Boolean) = EnvoisState(
            waiting = queue.entrees.filter { it.etat.moves }.map { waiting(it, nomenclature) },
            blocked = queue.entrees.mapNotNull { blocked(it, nomenclature) },
            unreadable = queue.illisibles,
            receipts = receipts,
            paused = paused,
            waitsForWifi = waitsForWifi && queue.entrees.any { it.etat.moves },
        )

        private fun waiting(entree: Entree, nomenclature: Nomenclature): Waiting {
            val etat = entree.etat
            return Waiting(
                depot = entree.depot,
                type = nomenclature.typeNamed(entree.typePiece),
                step = when (etat) {
                    is EtatDepot.EnCours -> Step.SENDING
                    is EtatDepot.Confirmation -> Step.CONFIRMING
                    else -> Step.WAITING
                },
                sent = if (etat is EtatDepot.EnCours) etat.envoyes.toLong() else 0,
                total = entree.taille.toLong(),
                lastFailure = entree.dernierEchec?.let { Failure(it.le, it.genre) },
            )
        }

        private fun blocked(entree: Entree, nomenclature: Nomenclature): Blocked? {
            val etat = entree.etat as? EtatDepot.Bloque ?: return null
            return Blocked(entree.depot, nomenclature.typeNamed(entree.typePiece), etat.raison)
        }
    }
}
