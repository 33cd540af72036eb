/* What people do with this app, from beginning to end, against the real server. The same on this machine and on a phone. */
package fr.mademande.parcours

import android.content.Context
import android.content.Intent
import fr.mademande.App
import fr.mademande.R
import fr.mademande.coeur.Examen
import fr.mademande.coeur.Justificatif
import fr.mademande.connexion.ConnexionActivity
import fr.mademande.demande.DemandeActivity
import fr.mademande.envois.EnvoisActivity
import fr.mademande.envois.RecuActivity
import fr.mademande.pieces.PiecesActivity
import kotlinx.coroutines.runBlocking

class Parcours(private val context: Context, private val robot: Robot) {
    private val scene = robot.scene

    /** Sign in, photograph, look through, send over a line that breaks, hold the receipt, find the piece in the list. */
    fun photoEnvoyeeMalgreUneCoupure() {
        scene.installer()
        seConnecter()
        ajouterUnePhoto("A_12.jpg")
        scene.couperLaLigne("PATCH", FAR_ENOUGH)
        robot.presser(texte(R.string.revue_send))
        robot.etreSur(EnvoisActivity::class.java)
        robot.attendre("la ligne est coupée") { scene.coupures() == 1 }
        robot.lire(texte(R.string.genre_reseau))
        scene.retablirLaLigne()
        recevoirLeRecu()
        robot.presser(texte(R.string.back))
        retrouverLaPiece()
    }

    /** A guichet refuses a piece; one tap leads to its replacement. */
    fun pieceRefuseePuisRemplacee() {
        scene.installer()
        seConnecter()
        ajouterUnePhoto("A_12.jpg")
        robot.presser(texte(R.string.revue_send))
        recevoirLeRecu()
        val premiere = pieces { it.size == 1 }.single()
        scene.refuser(premiere.id, RAISON)
        scene.ouvrir(Intent(context, PiecesActivity::class.java))
        robot.lire(RAISON)
        robot.presser(texte(R.string.piece_replace))
        photographier("B_12.jpg")
        robot.presser(texte(R.string.revue_send))
        recevoirLeRecu()
        val remplacante = pieces { it.size == 2 }.single { it.remplace == premiere.id }
        pieces { pieces -> (pieces.single { it.id == premiere.id }.examen as? Examen.Remplace)?.par == remplacante.id }
    }

    /** Another app shares a PDF: it is placed, looked through and sent. */
    fun pdfPartage() {
        scene.installer()
        seConnecter()
        scene.ouvrir(scene.partage("page_C.pdf"))
        choisirLaPiece()
        robot.lire(context.resources.getQuantityString(R.plurals.page_name_pdf, 1, 1, 1, 1))
        robot.presser(texte(R.string.revue_send))
        recevoirLeRecu()
        pieces { it.size == 1 }
    }

    /** Until the process dies in the middle of sending. */
    fun envoiAvantLaMortDuProcessus() {
        scene.installer()
        seConnecter()
        ajouterUnePhoto("A_12.jpg")
        scene.couperLaLigne("PATCH", FAR_ENOUGH)
        robot.presser(texte(R.string.revue_send))
        robot.attendre("la ligne est coupée") { scene.coupures() == 1 }
    }

    /** And after it: what was begun is finished, once. */
    fun envoiApresLaMortDuProcessus() {
        scene.retablirLaLigne()
        scene.recommencer()
        scene.ouvrir(Intent(context, DemandeActivity::class.java))
        scene.ouvrir(EnvoisActivity.intent(context))
        recevoirLeRecu()
        pieces { it.size == 1 }
    }

    private fun seConnecter() {
        scene.ouvrir(Intent(context, DemandeActivity::class.java))
        robot.etreSur(ConnexionActivity::class.java)
        robot.saisir(R.id.connexion_numero, scene.numero)
        robot.saisir(R.id.connexion_code, scene.code)
        robot.presser(texte(R.string.connexion_submit))
        robot.etreSur(DemandeActivity::class.java)
        robot.lire(scene.numero)
    }

    private fun ajouterUnePhoto(exemple: String) {
        robot.presser(texte(R.string.add_piece))
        choisirLaPiece()
        photographier(exemple)
    }

    private fun choisirLaPiece() {
        robot.presser("Identité")
        robot.presser("Passeport")
    }

    private fun photographier(exemple: String) {
        scene.poserDevantLAppareilPhoto(exemple)
        robot.presser(texte(R.string.revue_camera))
        robot.lire(context.getString(R.string.page_name_photo, 1, 1))
    }

    private fun recevoirLeRecu() {
        robot.etreSur(EnvoisActivity::class.java)
        robot.presser("MD-")
        robot.etreSur(RecuActivity::class.java)
        robot.lire(texte(R.string.recu_digest))
    }

    private fun retrouverLaPiece() {
        val piece = pieces { it.size == 1 }.single()
        scene.ouvrir(Intent(context, PiecesActivity::class.java))
        robot.etreSur(PiecesActivity::class.java)
        robot.lire("Passeport")
        check(piece.typePiece == "passeport")
    }

    /** What the server holds, once it is as [expected]. */
    private fun pieces(expected: (List<Justificatif>) -> Boolean): List<Justificatif> {
        var pieces: List<Justificatif> = emptyList()
        robot.attendre("les pièces attendues sur le serveur") {
            pieces = runBlocking { (context.applicationContext as App).container.client.justificatifs() }
            expected(pieces)
        }
        return pieces
    }

    private fun texte(id: Int): String = context.getString(id)

    private companion object {
        /** Something has been sent, and not all of it. */
        const val FAR_ENOUGH = 30_000L
        const val RAISON = "La page est coupée"
    }
}
