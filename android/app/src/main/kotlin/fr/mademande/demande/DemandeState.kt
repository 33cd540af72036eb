/* What the demande's page shows, worked out of what the engine gives. */
package fr.mademande.demande

import fr.mademande.ajout.Slot
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.DemandeVue
import fr.mademande.coeur.EtatDemande
import fr.mademande.coeur.EtatDepot
import fr.mademande.coeur.GuichetVue
import fr.mademande.coeur.LigneChecklist
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.PersonneVue
import fr.mademande.coeur.PieceDemandee
import fr.mademande.coeur.Presence
import fr.mademande.coeur.Role
import java.time.Instant
import java.time.LocalDate

data class DemandeState(
    /** In the groups in which it is printed. */
    val numero: String,
    val active: Boolean,
    val deposeeLe: LocalDate,
    val renouvelerAvant: LocalDate,
    val renewal: Renewal,
    val guichet: GuichetVue,
    val requests: List<Request>,
    val groups: List<Group>,
    val sending: Sending,
    val evenements: Int,
) {
    /** How near the day is by which the demande must be renewed. */
    enum class Renewal { FAR, NEAR, PASSED }

    /** A piece that a guichet has asked for. */
    data class Request(
        /** The type where the guichet named one, else the rubrique. */
        val rubrique: Named,
        val type: Named?,
        /** Whom it concerns; null for the household. */
        val who: String?,
        val message: String,
        val guichet: String,
        val askedOn: Instant,
        val slot: Slot,
    )

    /** The checklist of one person; [person] is null for the household. */
    data class Group(val person: Person?, val lines: List<Line>)

    data class Person(val name: String, val role: Role)

    data class Line(val rubrique: Named, val presence: Presence, val slot: Slot)

    /** A thing of the nomenclature, with the code under which it may be translated. */
    data class Named(val code: String, val french: String)

    /** What is in the queue. */
    data class Sending(val waiting: Int = 0, val blocked: Int = 0)

    companion object {
        /** Notices of renewal go out a month before: arrêté of 23/03/2015. */
        private const val NOTICE_MONTHS = 1L

        fun of(demande: DemandeVue, nomenclature: Nomenclature, queue: Contenu, today: LocalDate) = DemandeState(
            numero = demande.numero,
            active = demande.etat == EtatDemande.ACTIVE,
            deposeeLe = demande.dateDepot,
            renouvelerAvant = demande.aRenouvelerAvant,
            renewal = renewal(demande.aRenouvelerAvant, today),
            guichet = demande.guichet,
            requests = demande.piecesDemandees.map { request(it, demande.personnes, nomenclature) },
            groups = groups(demande, nomenclature),
            sending = sending(queue),
            evenements = demande.evenements.size,
        )

        private fun renewal(before: LocalDate, today: LocalDate): Renewal = when {
            today > before -> Renewal.PASSED
            today >= before.minusMonths(NOTICE_MONTHS) -> Renewal.NEAR
            else -> Renewal.FAR
        }

        private fun request(piece: PieceDemandee, people: List<PersonneVue>, nomenclature: Nomenclature) = Request(
            rubrique = nomenclature.rubriqueNamed(piece.rubrique),
            type = piece.typePiece?.let(nomenclature::typeNamed),
            who = people.firstOrNull { it.id == piece.personne }?.fullName,
            message = piece.message,
            guichet = piece.guichet.nom,
            askedOn = piece.demandeeLe,
            slot = Slot(piece.rubrique, piece.typePiece, piece.personne, demandePiece = piece.id),
        )

        private fun groups(demande: DemandeVue, nomenclature: Nomenclature): List<Group> {
            val lines = { personne: String? ->
                demande.checklist.filter { it.personne == personne }.map { line(it, nomenclature) }
            }
            val people = demande.personnes.map { Group(Person(it.fullName, it.role), lines(it.id)) }
            return (people + Group(null, lines(null))).filter { it.lines.isNotEmpty() }
        }

        private fun line(ligne: LigneChecklist, nomenclature: Nomenclature) = Line(
            nomenclature.rubriqueNamed(ligne.rubrique),
            ligne.presence,
            Slot(ligne.rubrique, personne = ligne.personne),
        )

        private fun sending(queue: Contenu) = Sending(
            waiting = queue.entrees.count {
                it.etat is EtatDepot.EnAttente || it.etat is EtatDepot.EnCours || it.etat is EtatDepot.Confirmation
            },
            blocked = queue.entrees.count { it.etat is EtatDepot.Bloque },
        )
    }
}

val PersonneVue.fullName: String get() = "$prenom $nom"

/** The rubrique's name; its code where this nomenclature does not know it. */
fun Nomenclature.rubriqueNamed(code: String): DemandeState.Named =
    DemandeState.Named(code, rubriques.firstOrNull { it.code == code }?.libelle ?: code)

/** The type's name; its code where this nomenclature does not know it. */
fun Nomenclature.typeNamed(code: String): DemandeState.Named =
    DemandeState.Named(code, rubriques.flatMap { it.types }.firstOrNull { it.code == code }?.libelle ?: code)
