package fr.mademande.coeur

import fr.mademande.coeur.essai.CuttingProxy
import fr.mademande.coeur.essai.SecretsEnMemoire
import fr.mademande.coeur.essai.ServeurDEssai
import fr.mademande.coeur.essai.exemple

/** A phone of the household, on a line that can be cut, with the gestures that these tests repeat. */
internal class Telephone(private val serveur: ServeurDEssai, val secrets: SecretsEnMemoire = SecretsEnMemoire()) :
    AutoCloseable {
    val ligne = CuttingProxy(serveur.port)
    private val dossier = serveur.dossier.resolve("telephone")
    var client = ouvrir()
        private set

    /** The process ends and begins again: what is on the disk and in the Keystore is all that stays. */
    fun redemarrer() {
        client.close()
        client = ouvrir()
    }

    suspend fun connecter(): DemandeId = client.connecter(serveur.foyer.numero, serveur.foyer.code)

    suspend fun preparer(vararg noms: String): Prepare =
        client.preparer(Plan(noms.map { page(it) }), Muet, Stop())

    /** Prepares and queues a piece of the household. */
    suspend fun mettreEnFile(vararg noms: String): Entree =
        preparer(*noms).use { client.mettreEnFile(it, PHOTOS_DU_LOGEMENT) }

    suspend fun envoyer(): Envoi = client.envoyer(Muet, Stop())

    suspend fun etat(depot: DepotId): EtatDepot? = client.file().entrees.find { it.depot == depot }?.etat

    override fun close() {
        client.close()
        ligne.close()
    }

    private fun ouvrir() = Client(ClientOptions(ligne.url, dossier.toString()), secrets)
}

internal val PHOTOS_DU_LOGEMENT =
    Faits(personne = null, rubrique = "motif", typePiece = "photos_logement", nom = "salon.jpg")

internal fun page(nom: String) = PagePlan(exemple(nom).path, rotation = Rotation.AUCUNE)

/** Hears nothing. */
internal object Muet : Ecouteur, EcouteurEnvoi {
    override fun avance(fait: ULong, total: ULong) = Unit

    override fun avance(depot: DepotId, envoyes: ULong, taille: ULong) = Unit
}
