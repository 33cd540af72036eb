/*
 * Stands in for the engine where a screen is to be shown with a state that would take a server weeks to reach. What the
 * engine itself does is tested with the real one.
 */
package fr.mademande.fakes

import fr.mademande.App
import fr.mademande.AppContainer
import fr.mademande.coeur.ClientInterface
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.DemandeConnue
import fr.mademande.coeur.DemandeVue
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Ecouteur
import fr.mademande.coeur.EcouteurEnvoi
import fr.mademande.coeur.Entree
import fr.mademande.coeur.Envoi
import fr.mademande.coeur.Faits
import fr.mademande.coeur.Justificatif
import fr.mademande.coeur.JustificatifsConnus
import fr.mademande.coeur.Nomenclature
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.Plan
import fr.mademande.coeur.Prepare
import fr.mademande.coeur.Stop
import fr.mademande.coeur.Suivi
import java.io.File
import org.robolectric.RuntimeEnvironment

class FakeClient : ClientInterface {
    /** What every question to the server fails with, while it is set. */
    var failure: Echec? = null

    var known: DemandeConnue? = null
    var demande: DemandeVue? = null
    var pieces: List<Justificatif> = emptyList()
    var queue = Contenu(emptyList(), emptyList())

    /** What reading the queue fails with, while it is set. */
    var queueFailure: Echec? = null
    var document: File? = null

    /** How sending goes, and what is news of what was sent. */
    var sending: suspend (EcouteurEnvoi) -> Envoi = { unexpected() }
    var followed: List<Suivi> = emptyList()

    /** What was asked, in order: `retirer 12`. */
    val asked = mutableListOf<String>()

    override suspend fun connecter(numero: String, code: String): String = asking("connecter") { checkNotNull(demande).id }

    override suspend fun session(): String = demande?.id ?: throw notSignedIn()

    override suspend fun deconnecter(force: Boolean) = asking("deconnecter $force") {
        if (!force && queue.entrees.isNotEmpty()) {
            throw Echec.DepotsEnAttente(Phrase("depots_en_attente", ""), queue.entrees.size.toUInt())
        }
    }

    override suspend fun demande(): DemandeVue = asking("demande") { demande ?: throw notSignedIn() }

    override suspend fun demandeConnue(): DemandeConnue? = known

    override suspend fun justificatifs(): List<Justificatif> = asking("justificatifs") { pieces }

    override suspend fun justificatifsConnus(): JustificatifsConnus? =
        known?.let { JustificatifsConnus(pieces, it.le) }

    override suspend fun nomenclature(): Nomenclature = Samples.nomenclature

    override suspend fun vignette(justificatif: String): String? = null

    override suspend fun consulter(justificatif: String, ecouteur: Ecouteur, stop: Stop): String =
        asking("consulter $justificatif") { checkNotNull(document).path }

    override suspend fun telecharger(justificatif: String, out: String, ecouteur: Ecouteur, stop: Stop) = unexpected()

    override suspend fun retirer(justificatif: String) = asking("retirer $justificatif") {
        pieces = pieces.filter { it.id != justificatif }
    }

    override suspend fun preparer(plan: Plan, ecouteur: Ecouteur, stop: Stop): Prepare = unexpected()

    override suspend fun mettreEnFile(prepare: Prepare, faits: Faits): Entree = unexpected()

    override suspend fun file(): Contenu = queueFailure?.let { throw it } ?: queue

    override suspend fun envoyer(ecouteur: EcouteurEnvoi, stop: Stop): Envoi = asking("envoyer") { sending(ecouteur) }

    override suspend fun suivre(stop: Stop): List<Suivi> = asking("suivre") { followed }

    override suspend fun annuler(depot: String) = asking("annuler $depot") { }

    override suspend fun reprendre(depot: String) = asking("reprendre $depot") { }

    override suspend fun oublier(depot: String) = asking("oublier $depot") { }

    private inline fun <T> asking(what: String, answer: () -> T): T {
        asked += what
        failure?.let { throw it }
        return answer()
    }

    private fun unexpected(): Nothing = error("no screen of this test asks for that")

    companion object {
        fun offline() = Echec.Reseau(
            Phrase("reseau", "Le service n’a pas pu être joint. Vérifiez votre connexion à Internet, puis réessayez."),
        )

        fun notSignedIn() = Echec.Session(Phrase("non_connecte", "Vous n’êtes pas connecté."))

        fun expired() = Echec.Session(Phrase("session_expiree", "Votre session a expiré."))
    }
}

/** The app under test, on this stand-in. */
fun FakeClient.install(): App {
    val app = RuntimeEnvironment.getApplication() as App
    app.container = AppContainer(app) { this }
    return app
}
