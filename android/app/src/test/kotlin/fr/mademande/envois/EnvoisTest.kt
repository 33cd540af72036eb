package fr.mademande.envois

import android.content.Intent
import fr.mademande.App
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.Controle
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Phrase
import fr.mademande.coeur.Suivi
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.words
import java.time.Duration
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlertDialog

@RunWith(RobolectricTestRunner::class)
class EnvoisTest {
    private val client = FakeClient()
    private lateinit var app: App

    @Before
    fun install() {
        client.demande = Samples.demande
        client.queue = queue(Samples.blocked, Samples.sending, Samples.waiting, Samples.deposited)
        client.followed = listOf(Suivi("r", Samples.recu, oublie = false))
        app = client.install()
    }

    @Test
    fun looks() = inEveryVariant<EnvoisActivity>("envois")

    @Test
    fun looksPaused() {
        client.queue = queue(Samples.waiting)
        app.container.expediteur.pause()
        inEveryVariant<EnvoisActivity>("envois-pause")
    }

    @Test
    fun looksEmpty() {
        client.queue = queue()
        inEveryVariant<EnvoisActivity>("envois-vide")
    }

    @Test
    fun looksUnreadable() {
        client.queue = Contenu(emptyList(), listOf("x"))
        inEveryVariant<EnvoisActivity>("envois-illisible")
    }

    @Test
    fun looksOfTheReceipt() {
        app.container.recus.keepOf(listOf(Samples.deposited))
        inEveryVariant<RecuActivity>("recu", RecuActivity.intent(app, "r"))
    }

    @Test
    fun looksOfARefusedPiecesReceipt() {
        val refused = Samples.recu.copy(controle = Controle.Refuse(Phrase("mot_de_passe", "Ce PDF est protégé par un mot de passe.")))
        app.container.recus.keep(listOf(Suivi("r", refused, oublie = false)))
        inEveryVariant<RecuActivity>("recu-refuse", RecuActivity.intent(app, "r"))
    }

    @Test
    fun theReceiptStaysWhenTheQueueHasLetGo() {
        open()
        client.queue = queue()
        val again = FakeClient().apply { demande = Samples.demande }.install()
        assertEquals(listOf(Samples.recu), again.container.recus.all.value)
    }

    @Test
    fun theReceiptIsSharedWithoutSayingWhatItIsOf() {
        app.container.recus.keepOf(listOf(Samples.deposited))
        val screen = Robolectric.buildActivity(RecuActivity::class.java, RecuActivity.intent(app, "r")).setup().get()
        screen.press("Partager le reçu")
        @Suppress("DEPRECATION")
        val send = shadowOf(screen).nextStartedActivity.getParcelableExtra<Intent>(Intent.EXTRA_INTENT)
        val text = checkNotNull(send?.getStringExtra(Intent.EXTRA_TEXT))
        assertTrue(text, "MD-7K3QX-0M2TE" in text && Samples.recu.sha256 in text)
        assertFalse(text, "identité" in text.lowercase() || "recto" in text)
    }

    @Test
    fun aBlockedSendingSaysWhyAndGoesOnWhenTold() {
        val screen = open()
        assertTrue(screen.words(), "autant de pièces" in screen.words())
        screen.press("Réessayer")
        assertTrue("${client.asked}", "reprendre b" in client.asked)
        assertTrue(app.container.planification.envoiPlanned)
    }

    @Test
    fun cancellingAsksFirst() {
        client.queue = queue(Samples.waiting)
        val screen = open()
        screen.press("Annuler cet envoi")
        assertFalse("${client.asked}", "annuler t" in client.asked)
        checkNotNull(ShadowAlertDialog.getLatestAlertDialog()).getButton(android.app.AlertDialog.BUTTON_POSITIVE).performClick()
        idle()
        assertTrue("${client.asked}", "annuler t" in client.asked)
    }

    @Test
    fun pausingUnplansAndResumingPlans() {
        client.queue = queue(Samples.waiting)
        app.container.expediteur.request(1, visible = true)
        val screen = open()
        screen.press("Mettre en pause")
        assertFalse(app.container.planification.envoiPlanned)
        screen.press("Reprendre les envois")
        assertTrue(app.container.planification.envoiPlanned)
    }

    @Test
    fun aQueueThatCannotBeReadIsReadAMomentLater() {
        client.queueFailure = Echec.Appareil(Phrase("stockage", "Le stockage ne répond pas."))
        val screen = open()
        client.queueFailure = null
        shadowOf(app.mainLooper).idleFor(Duration.ofSeconds(2))
        assertTrue(screen.words(), "autant de pièces" in screen.words())
    }

    private fun open(): EnvoisActivity =
        Robolectric.buildActivity(EnvoisActivity::class.java).setup().get().also { idle() }

    private fun queue(vararg entrees: fr.mademande.coeur.Entree) = Contenu(entrees.toList(), emptyList())
}
