package fr.mademande.demande

import fr.mademande.ajout.AjoutActivity
import fr.mademande.ajout.Slot
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.EtatDemande
import fr.mademande.connexion.ConnexionActivity
import fr.mademande.demande.DemandeState.Renewal
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.words
import java.time.LocalDate
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class DemandeTest {
    private val client = FakeClient()

    @Before
    fun install() {
        client.demande = Samples.demande
        client.install()
    }

    @Test
    fun looks() = inEveryVariant<DemandeActivity>("demande")

    @Test
    fun looksWithoutRequests() {
        client.demande = Samples.demande.copy(piecesDemandees = emptyList())
        inEveryVariant<DemandeActivity>("demande-calme") { it.press("Afficher 3 pièces", "Show 3 documents") }
    }

    @Test
    fun looksOffline() {
        client.known = Samples.known
        client.failure = FakeClient.offline()
        inEveryVariant<DemandeActivity>("demande-hors-ligne")
    }

    @Test
    fun looksStruckOff() {
        client.demande = Samples.demande.copy(etat = EtatDemande.RADIEE, piecesDemandees = emptyList())
        inEveryVariant<DemandeActivity>("demande-radiee") { assertFalse("Ajouter une pièce" in it.words()) }
    }

    @Test
    fun offlineOffersToTryAgainAndThenShowsWhatIsNew() {
        client.known = Samples.known
        client.failure = FakeClient.offline()
        val screen = open()
        assertTrue(screen.words(), "20 novembre 2026, 14:05" in screen.words())
        client.failure = null
        screen.press("Réessayer")
        idle()
        assertFalse("Service injoignable" in screen.words())
    }

    @Test
    fun withoutASessionTheSignInScreenTakesItsPlace() {
        client.demande = null
        val screen = open()
        val intent = shadowOf(screen).nextStartedActivity
        assertEquals(ConnexionActivity::class.java.name, intent.component?.className)
        assertTrue(screen.isFinishing)
    }

    @Test
    fun theGuichetsRequestOpensItsOwnSlot() {
        val screen = open()
        screen.press("Envoyer cette pièce")
        val intent = shadowOf(screen).nextStartedActivity
        assertEquals(AjoutActivity::class.java.name, intent.component?.className)
        assertEquals(Slot("ressources_mensuelles", "bulletins_salaire", "p1", demandePiece = "q"), Slot.of(intent))
    }

    @Test
    fun whatNobodyAsksForIsShownOnRequestAndStaysShown() {
        val controller = Robolectric.buildActivity(DemandeActivity::class.java).setup()
        idle()
        assertFalse("Situation professionnelle" in controller.get().words())
        controller.get().press("Afficher 3 pièces")
        assertTrue("Situation professionnelle" in controller.get().words())
        controller.recreate()
        idle()
        assertTrue("Situation professionnelle" in controller.get().words())
    }

    @Test
    fun renewalIsNearForAMonthAndThenPassed() {
        val deadline = LocalDate.of(2026, 12, 8)
        val renewal = { today: LocalDate ->
            val demande = Samples.demande.copy(aRenouvelerAvant = deadline)
            DemandeState.of(demande, Samples.nomenclature, Contenu(emptyList(), emptyList()), today).renewal
        }
        assertEquals(Renewal.FAR, renewal(LocalDate.of(2026, 11, 7)))
        assertEquals(Renewal.NEAR, renewal(LocalDate.of(2026, 11, 8)))
        assertEquals(Renewal.NEAR, renewal(deadline))
        assertEquals(Renewal.PASSED, renewal(LocalDate.of(2026, 12, 9)))
    }

    private fun open(): DemandeActivity =
        Robolectric.buildActivity(DemandeActivity::class.java).setup().get().also { idle() }
}
