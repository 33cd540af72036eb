package fr.mademande.coeur

import fr.mademande.coeur.essai.ServeurDEssai
import fr.mademande.coeur.essai.attendre
import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** The phone's way of a document, in Kotlin against the real server. */
class ParcoursTest {
    @Test
    fun `a photo is prepared, sent over a line that is cut, listed, opened again without network and withdrawn`() =
        avecTelephone { serveur, telephone ->
            val demandeId = telephone.connecter()
            val demande = telephone.client.demande()
            assertEquals(demandeId, demande.id)
            assertEquals(serveur.foyer.numero, demande.numero)
            assertEquals(listOf("Aldegonde", "Barnabé", "Capucine"), demande.personnes.map { it.prenom })
            assertTrue(demande.checklist.any { it.rubrique == "identite" && it.exigence == Exigence.EXIGEE })

            val pas = CopyOnWriteArrayList<Pair<ULong, ULong>>()
            val ecouteur = object : Ecouteur {
                override fun avance(fait: ULong, total: ULong) {
                    pas += fait to total
                }
            }
            val prepare = telephone.client.preparer(Plan(listOf(page("A_12.jpg"), page("page_C.pdf"))), ecouteur, Stop())
            val info = prepare.info()
            assertEquals(MediaType.PDF to 2u, info.mediaType to info.pages)
            assertEquals(info.taille, File(info.chemin).length().toULong())
            assertEquals(pas.last().second, pas.last().first)
            val depot = prepare.use { telephone.client.mettreEnFile(it, PHOTOS_DU_LOGEMENT) }.depot

            // Far enough that something was sent, not so far that all was.
            telephone.ligne.deconnecter("PATCH", 30_000)
            assertTrue(telephone.envoyer() is Envoi.Reprendre)
            assertEquals(1, telephone.ligne.coups)
            assertEquals(Genre.RESEAU, telephone.client.file().entrees.single().dernierEchec?.genre)

            telephone.ligne.reconnecter()
            telephone.redemarrer()
            val avances = CopyOnWriteArrayList<ULong>()
            val envoi = telephone.client.envoyer(
                object : EcouteurEnvoi {
                    override fun avance(depot: DepotId, envoyes: ULong, taille: ULong) {
                        assertEquals(info.taille, taille)
                        avances += envoyes
                    }
                },
                Stop(),
            )
            assertEquals(Envoi.Vide, envoi)
            assertTrue("resumed where it was cut, not at the beginning: $avances", avances.first() > 0u)
            assertEquals(info.taille, avances.last())
            val recu = (telephone.etat(depot) as EtatDepot.Depose).recu
            assertEquals(info.taille, recu.taille)
            assertTrue(recu.numero, recu.numero.matches(Regex("MD-[0-9A-Z]{5}-[0-9A-Z]{5}")))

            val suivi = attendre("the piece is available") { telephone.suivre().find { it.oublie } }
            assertEquals(depot, suivi.depot)
            assertNull(telephone.etat(depot))
            val piece = telephone.client.justificatifs().single()
            assertEquals(recu.justificatif, piece.id)
            assertEquals(recu.numero, piece.numero)
            assertEquals("motif" to "photos_logement", piece.rubrique to piece.typePiece)
            assertEquals(Origine.Application, piece.origine)
            assertEquals(2u, piece.pages)

            val vignette = attendre("a thumbnail is drawn") { runBlocking { telephone.client.vignette(piece.id) } }
            assertTrue(File(vignette).readBytes().estUnJpeg())
            telephone.client.consulter(piece.id, Muet, Stop())
            telephone.ligne.deconnecter()
            val document = telephone.client.consulter(piece.id, Muet, Stop())
            assertEquals(piece.taille, File(document).length().toULong())
            val dessin = serveur.dossier.resolve("page-2.jpg").toString()
            apercuLocal(document, 2u, 800u, dessin)
            assertTrue(File(dessin).readBytes().estUnJpeg())
            assertEquals(demande, telephone.client.demandeConnue()?.demande)
            assertEquals(listOf(piece), telephone.client.justificatifsConnus()?.justificatifs)

            telephone.ligne.reconnecter()
            telephone.client.retirer(piece.id)
            assertEquals(emptyList<Justificatif>(), telephone.client.justificatifs())
            assertTrue(!File(document).exists() && !File(vignette).exists())
        }

    @Test
    fun `what a guichet refuses is replaced, and what it asks for is answered`() = avecTelephone { serveur, telephone ->
        val demande = telephone.connecter()
        telephone.mettreEnFile("A_12.jpg")
        assertEquals(Envoi.Vide, telephone.envoyer())
        val premiere = attendre("inspected") { telephone.pieces().find { it.controle == Controle.Disponible } }

        serveur.refuser(premiere.id, "La page est coupée")
        serveur.demanderPiece(demande, "situation_familiale", "Votre livret de famille, s’il vous plaît.")
        serveur.ajouterEvenement(demande, "VALDEM", "Au guichet")
        val refusee = telephone.client.justificatifs().single()
        assertEquals("La page est coupée", (refusee.examen as Examen.Inexploitable).raison)
        assertTrue(refusee.mot.aFaire)
        val vue = telephone.client.demande()
        assertTrue(vue.evenements.any { it.code == "VALDEM" && it.details == "Au guichet" })
        val demandee = vue.piecesDemandees.single { it.rubrique == "situation_familiale" }
        assertEquals("Votre livret de famille, s’il vous plaît.", demandee.message)

        val nouvelle = PHOTOS_DU_LOGEMENT.copy(remplace = premiere.id)
        telephone.preparer("B_12.jpg").use { telephone.client.mettreEnFile(it, nouvelle) }
        val livret = Faits(null, "situation_familiale", "livret_famille", "livret.pdf", demandePiece = demandee.id)
        telephone.preparer("page_C.pdf").use { telephone.client.mettreEnFile(it, livret) }
        assertEquals(Envoi.Vide, telephone.envoyer())

        val remplacee = telephone.pieces().single { it.id == premiere.id }
        val remplacante = telephone.pieces().single { it.remplace == premiere.id }
        assertEquals(remplacante.id, (remplacee.examen as Examen.Remplace).par)
        assertTrue(telephone.client.demande().piecesDemandees.none { it.id == demandee.id })
    }

    private fun Telephone.suivre() = runBlocking { client.suivre(Stop()) }

    private fun Telephone.pieces() = runBlocking { client.justificatifs() }

    private fun ByteArray.estUnJpeg() = size > 500 && this[0] == 0xFF.toByte() && this[1] == 0xD8.toByte()
}

/** A server, a phone of its household, and what happens between them. */
internal fun avecTelephone(histoire: suspend CoroutineScope.(ServeurDEssai, Telephone) -> Unit) =
    ServeurDEssai().use { serveur -> Telephone(serveur).use { runBlocking { histoire(serveur, it) } } }
