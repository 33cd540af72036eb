/* What the list and the page of a piece show, worked out of what the engine gives. */
package fr.mademande.pieces

import fr.mademande.ajout.Slot
import fr.mademande.coeur.Controle
import fr.mademande.coeur.Examen
import fr.mademande.coeur.Justificatif
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.Origine
import fr.mademande.coeur.PersonneVue
import fr.mademande.demande.DemandeState.Named
import fr.mademande.demande.fullName
import fr.mademande.demande.rubriqueNamed
import fr.mademande.demande.typeNamed
import fr.mademande.ui.Tone
import java.time.Instant

data class PieceState(
    val id: String,
    /** Of its receipt, to be said on the telephone. */
    val numero: String,
    /** Type, or rubrique where no type is known; null for a confidential piece, of which nothing is told. */
    val title: Named?,
    val rubrique: Named?,
    /** Whom it concerns; null for the household. */
    val who: String?,
    val name: String?,
    val origine: Origine,
    val origineFrench: String,
    val deposeeLe: Instant,
    val pages: UInt?,
    val bytes: Long,
    val status: Status,
    /** Its pages can be shown. */
    val openable: Boolean,
    val withdrawable: Boolean,
    /** What a new version would be sent for, where one is awaited. */
    val replacement: Slot?,
) {
    /** Where it stands: the server's French, and what a translation needs. */
    data class Status(
        val kind: Kind,
        val french: String,
        val nextFrench: String,
        val controle: Controle,
        val examen: Examen,
    )

    /** The server's table of words has one row for each. */
    enum class Kind(val tone: Tone) {
        EN_VERIFICATION(Tone.WAITING),
        REFUSE(Tone.ERROR),
        DEPOSE(Tone.INFO),
        ACCEPTE(Tone.SUCCESS),
        INEXPLOITABLE(Tone.ERROR),
        HORS_PERIMETRE(Tone.NEUTRAL),
        OBSOLETE(Tone.WARNING),
        REMPLACE(Tone.NEUTRAL),
    }

    companion object {
        /** What asks for something first, then the latest. */
        fun list(pieces: List<Justificatif>, people: List<PersonneVue>, nomenclature: Nomenclature): List<PieceState> =
            pieces.map { of(it, people, nomenclature) }.sortedBy { it.replacement == null }

        fun of(piece: Justificatif, people: List<PersonneVue>, nomenclature: Nomenclature): PieceState {
            val rubrique = piece.rubrique?.let(nomenclature::rubriqueNamed)
            return PieceState(
                id = piece.id,
                numero = piece.numero,
                title = piece.typePiece?.let(nomenclature::typeNamed) ?: rubrique,
                rubrique = rubrique,
                who = people.firstOrNull { it.id == piece.personne }?.fullName,
                name = piece.nom,
                origine = piece.origine,
                origineFrench = piece.origineLibelle,
                deposeeLe = piece.deposeLe,
                pages = piece.pages,
                bytes = piece.taille.toLong(),
                status = status(piece),
                openable = !piece.confidentiel && piece.controle is Controle.Disponible,
                withdrawable = piece.retirable,
                replacement = if (piece.mot.aFaire) replacement(piece) else null,
            )
        }

        private fun replacement(piece: Justificatif) =
            Slot(piece.rubrique, piece.typePiece, piece.personne, remplace = piece.id)

        private fun status(piece: Justificatif) = Status(
            kind(piece.controle, piece.examen),
            piece.mot.mot,
            piece.mot.suite,
            piece.controle,
            piece.examen,
        )

        private fun kind(controle: Controle, examen: Examen): Kind = when {
            examen is Examen.Remplace -> Kind.REMPLACE
            controle is Controle.EnVerification -> Kind.EN_VERIFICATION
            controle is Controle.Refuse -> Kind.REFUSE
            else -> when (examen) {
                is Examen.Accepte -> Kind.ACCEPTE
                is Examen.Inexploitable -> Kind.INEXPLOITABLE
                is Examen.HorsPerimetre -> Kind.HORS_PERIMETRE
                is Examen.Obsolete -> Kind.OBSOLETE
                is Examen.AExaminer, is Examen.Remplace -> Kind.DEPOSE
            }
        }
    }
}
