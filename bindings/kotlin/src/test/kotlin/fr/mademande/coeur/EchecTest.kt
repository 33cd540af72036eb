package fr.mademande.coeur

import fr.mademande.coeur.essai.SecretsEnMemoire
import fr.mademande.coeur.essai.ServeurDEssai
import fr.mademande.coeur.essai.attendre
import fr.mademande.coeur.essai.exemple
import java.io.File
import java.nio.file.Files
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

/** What goes wrong, as Kotlin meets it. */
class EchecTest {
    @Test
    fun `a numéro is read as people type it, and a mistake is told with its place`() {
        assertEquals("057 1215 073901 10691", lireNumero(" 057-1215-O739O1 10691"))
        val court = assertThrows(Echec.Refus::class.java) { lireNumero("057 1215") }
        assertEquals("numero_longueur", court.phrase.code)
        assertTrue(court.phrase.phrase, "7" in court.phrase.phrase)
    }

    @Test
    fun `an address that is not https is refused before anything is sent to it`() {
        val dossier = Files.createTempDirectory("client").toString()
        val clair = assertThrows(Echec.Refus::class.java) {
            Client(ClientOptions("http://pieces.exemple.fr", dossier), SecretsEnMemoire())
        }
        assertEquals("adresse_invalide", clair.phrase.code)
    }

    @Test
    fun `files that cannot be sent say why and what to do`() = runBlocking {
        val dossier = Files.createTempDirectory("fichiers").toFile()
        fun fichier(octets: ByteArray) = File.createTempFile("essai", "", dossier).apply { writeBytes(octets) }.path
        val vide = echec<Echec.Fichier> { inspecter(fichier(ByteArray(0))) }
        assertEquals("vide", vide.phrase.code)
        val lettre = echec<Echec.Fichier> { proposer(fichier("Une lettre, pas un document.".toByteArray())) }
        assertEquals("type_inconnu", lettre.phrase.code)
        // The file type box of a HEIC picture (ISO/IEC 14496-12), and nothing behind it.
        val heic = byteArrayOf(0, 0, 0, 0x18) + "ftypheic".toByteArray() + ByteArray(4) + "mif1heic".toByteArray()
        echec<Echec.ADecoder> { inspecter(fichier(heic)) }
        val absent = echec<Echec.Appareil> { inspecter(File(dossier, "absent").path) }
        assertFalse("a path may hold a name", dossier.path in absent.phrase.phrase)
        val photo = inspecter(exemple("A_12.jpg").path)
        assertEquals(MediaType.JPEG to 1u, photo.mediaType to photo.pages)
    }

    @Test
    fun `a plan that cannot be carried out names its page and leaves nothing`() = avecTelephone { serveur, telephone ->
        val faux = serveur.dossier.resolve("faux.jpg").toFile()
        faux.writeText("Ce n’est pas une photo, loin de là.")
        val plan = Plan(listOf(page("A_12.jpg"), PagePlan(faux.path, rotation = Rotation.QUART)))
        val refus = echec<Echec.Fichier> { telephone.client.preparer(plan, Muet, Stop()) }
        assertEquals("type_inconnu" to 1u, refus.phrase.code to refus.page)
        val vide = echec<Echec.Fichier> { telephone.client.preparer(Plan(emptyList()), Muet, Stop()) }
        assertEquals("plan_vide", vide.phrase.code)
        assertEquals(emptyList<String>(), brouillons(serveur))
        val abandonne = telephone.preparer("A_12.jpg")
        assertEquals(1, brouillons(serveur).size)
        abandonne.close()
        assertEquals(emptyList<String>(), brouillons(serveur))
    }

    @Test
    fun `a wrong code, no session, no network and a new code are four different things`() =
        avecTelephone { serveur, telephone ->
            echec<Echec.Session> { telephone.client.demande() }
            val faux = echec<Echec.Refus> { telephone.client.connecter(serveur.foyer.numero, "ce n’est pas lui") }
            assertEquals("identification_refusee", faux.phrase.code)
            telephone.connecter()
            telephone.ligne.deconnecter()
            echec<Echec.Reseau> { telephone.client.demande() }
            assertEquals(7, telephone.client.nomenclature().rubriques.size)
            telephone.ligne.reconnecter()
            telephone.mettreEnFile("A_12.jpg")
            serveur.emettreCode()
            val expiree = echec<Echec.Session> { telephone.client.demande() }
            assertEquals("session_expiree", expiree.phrase.code)
            assertEquals("session_expiree", (telephone.envoyer() as Envoi.Bloque).raison.code)
            assertEquals(EtatDepot.EnAttente, telephone.client.file().entrees.single().etat)
        }

    @Test
    fun `signing out asks first while a piece waits, then forgets everything`() = avecTelephone { serveur, telephone ->
        telephone.connecter()
        telephone.mettreEnFile("A_12.jpg")
        assertEquals(1u, echec<Echec.DepotsEnAttente> { telephone.client.deconnecter(force = false) }.nombre)
        assertEquals(1, telephone.client.file().entrees.size)
        telephone.client.deconnecter(force = true)
        assertEquals(null, telephone.secrets.secret)
        assertEquals(Contenu(emptyList(), emptyList()), telephone.client.file())
        val reste = serveur.dossier.resolve("telephone").toFile().walk().filter { it.isFile && it.length() > 0 }.toList()
        assertEquals(emptyList<File>(), reste)
    }

    @Test
    fun `the secrets hold the tokens, never the code, and survive the process`() = avecTelephone { serveur, telephone ->
        val demande = telephone.connecter()
        val secret = checkNotNull(telephone.secrets.secret).decodeToString()
        assertFalse(serveur.foyer.code in secret)
        telephone.redemarrer()
        assertEquals(demande, telephone.client.session())
        telephone.client.demande()
    }

    @Test
    fun `a secret store that fails is a failure of the device, and nobody is signed in`(): Unit = ServeurDEssai().use { serveur ->
        val casse = object : fr.mademande.coeur.SecretStore {
            override fun load(): ByteArray? = null

            override fun store(secret: ByteArray) = throw IllegalStateException("la clef 4711 est perdue")

            override fun wipe() = Unit
        }
        Client(ClientOptions(serveur.url, serveur.dossier.resolve("casse").toString()), casse).use { client ->
            runBlocking {
                val echec = echec<Echec.Appareil> { client.connecter(serveur.foyer.numero, serveur.foyer.code) }
                assertFalse("4711" in echec.phrase.phrase)
                echec<Echec.Session> { client.session() }
            }
        }
    }

    @Test
    fun `a listener that throws costs nobody a piece`() = avecTelephone { _, telephone ->
        val bavard = object : Ecouteur, EcouteurEnvoi {
            override fun avance(fait: ULong, total: ULong) = error("l’écran a disparu")

            override fun avance(depot: DepotId, envoyes: ULong, taille: ULong) = error("l’écran a disparu")
        }
        telephone.connecter()
        val prepare = telephone.client.preparer(Plan(listOf(page("A_12.jpg"))), bavard, Stop())
        prepare.use { telephone.client.mettreEnFile(it, PHOTOS_DU_LOGEMENT) }
        assertEquals(Envoi.Vide, telephone.client.envoyer(bavard, Stop()))
        assertTrue(telephone.client.file().entrees.single().etat is EtatDepot.Depose)
    }

    @Test
    fun `a piece is queued once`() = avecTelephone { _, telephone ->
        telephone.connecter()
        telephone.preparer("A_12.jpg").use {
            telephone.client.mettreEnFile(it, PHOTOS_DU_LOGEMENT)
            echec<Echec.Interne> { telephone.client.mettreEnFile(it, PHOTOS_DU_LOGEMENT) }
        }
        assertEquals(1, telephone.client.file().entrees.size)
    }

    @Test
    fun `text that is no id is a fault of the app, not a crash`() = avecTelephone { _, telephone ->
        echec<Echec.Interne> { telephone.client.annuler("pas un identifiant") }
        val inconnu = echec<Echec.Refus> { telephone.client.annuler("01913b5c-5b8f-7c3e-9f1a-000000000001") }
        assertEquals("depot_inconnu", inconnu.phrase.code)
    }

    @Test
    fun `the stop and a cancelled coroutine both leave the deposit to be resumed`() = avecTelephone { _, telephone ->
        telephone.connecter()
        val depot = telephone.mettreEnFile("A_12.jpg", "B_12.jpg").depot

        val stop = Stop()
        val arrete = telephone.client.envoyer(desLeDebut { stop.stop() }, stop)
        assertTrue(arrete is Envoi.Reprendre)
        assertTrue(telephone.etat(depot) is EtatDepot.EnCours)

        val commence = CompletableDeferred<Unit>()
        telephone.ligne.deconnecter("HEAD", 0)
        val annulee = async(Dispatchers.Default) {
            // Offline the engine tries again and again: something to cancel.
            commence.complete(Unit)
            telephone.client.envoyer(Muet, Stop())
        }
        commence.await()
        annulee.cancelAndJoin()
        assertTrue(runCatching { annulee.await() }.exceptionOrNull() is CancellationException)

        telephone.ligne.reconnecter()
        assertEquals(Envoi.Vide, telephone.envoyer())
        assertTrue(telephone.etat(depot) is EtatDepot.Depose)
    }

    @Test
    fun `a preparation ends with its stop or its coroutine and leaves nothing`() = avecTelephone { serveur, telephone ->
        val pages = Plan(List(6) { page("A_12.jpg") })
        val stop = Stop()
        echec<Echec.Interrompu> { telephone.client.preparer(pages, avancee { stop.stop() }, stop) }
        assertEquals(emptyList<String>(), brouillons(serveur))

        val vus = CopyOnWriteArrayList<ULong>()
        val commence = CompletableDeferred<Unit>()
        val annulee = async(Dispatchers.Default) {
            telephone.client.preparer(pages, avancee { vus += it; commence.complete(Unit) }, Stop())
        }
        commence.await()
        annulee.cancelAndJoin()
        attendre("the draft is gone") { Unit.takeIf { brouillons(serveur).isEmpty() } }
        assertTrue("it went on to its end: $vus", vus.size < 13)
    }

    /** The upload has begun and no byte of it is sent: on this machine the next moment it would be over. */
    private fun desLeDebut(faire: () -> Unit) = object : EcouteurEnvoi {
        override fun avance(depot: DepotId, envoyes: ULong, taille: ULong) = faire()
    }

    private fun avancee(faire: (ULong) -> Unit) = object : Ecouteur {
        override fun avance(fait: ULong, total: ULong) = faire(fait)
    }

    private fun brouillons(serveur: ServeurDEssai): List<String> =
        serveur.dossier.resolve("telephone/brouillons").toFile().list().orEmpty().toList()

    private suspend inline fun <reified E : Echec> echec(crossinline faire: suspend () -> Unit): E {
        val lance = runCatching { faire() }.exceptionOrNull()
        return lance as? E ?: throw AssertionError("expected ${E::class.simpleName}, got $lance", lance)
    }
}
