package fr.mademande.aide

import android.app.AlertDialog
import android.content.Intent
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import android.widget.Switch
import fr.mademande.App
import fr.mademande.Reglages
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Phrase
import fr.mademande.connexion.ConnexionActivity
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.handOver
import fr.mademande.fakes.install
import fr.mademande.fakes.waitUntil
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.visible
import java.io.InputStream
import java.util.concurrent.CountDownLatch
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowDialog

@RunWith(RobolectricTestRunner::class)
class AideTest {
    private val client = FakeClient()
    private val app get() = RuntimeEnvironment.getApplication() as App

    @Before
    fun install() {
        client.install()
    }

    @Test
    fun looks() = inEveryVariant<AideActivity>("aide")

    @Test
    fun looksOfTheTexts() {
        for (texte in Texte.entries) {
            inEveryVariant<TexteActivity>("texte-${texte.name.lowercase()}", TexteActivity.intent(app, texte))
        }
    }

    @Test
    fun theAssistancesNumberIsTypedInAndNotCalled() {
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        visible(aide.window.decorView).first { it.contentDescription?.contains("01 99 00 01 23") == true }.performClick()
        val started = shadowOf(aide).nextStartedActivity
        assertEquals(Intent.ACTION_DIAL, started.action)
        assertEquals("tel:0199000123", started.dataString)
    }

    @Test
    fun wifiOnlyIsKept() {
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        val switch = visible(aide.window.decorView).filterIsInstance<Switch>().single()
        assertFalse(switch.isChecked)
        switch.performClick()
        assertTrue(Reglages(app).wifiSeulement)
    }

    @Test
    fun noOtherAppSeesTheScreen() {
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        assertNotEquals(0, aide.window.attributes.flags and FLAG_SECURE)
    }

    @Test
    fun signingOutAsksWhenPiecesWaitAndThenForgetsEverything() {
        client.queue = Contenu(listOf(Samples.waiting), emptyList())
        app.container.reglages.wifiSeulement = true
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        aide.press("Se déconnecter")
        answer("Se déconnecter")
        assertFalse(aide.isFinishing)
        answer("Effacer et se déconnecter")
        assertEquals(listOf("deconnecter false", "deconnecter true"), client.asked)
        assertFalse(app.container.reglages.wifiSeulement)
        assertEquals(ConnexionActivity::class.java.name, shadowOf(aide).nextStartedActivity.component?.className)
        assertTrue(aide.isFinishing)
    }

    @Test
    fun theSwitchSaysWhenTheQueueCannotBeRead() {
        client.queueFailure = Echec.Appareil(Phrase("stockage", "Le stockage ne répond pas."))
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        visible(aide.window.decorView).filterIsInstance<Switch>().single().performClick()
        idle()
        val words = shadowOf(ShadowDialog.getLatestDialog() as AlertDialog).message.toString()
        assertTrue(words, "Le stockage ne répond pas." in words)
    }

    @Test
    fun signingOutWhileADocumentIsBeingCopiedLeavesNothingOfIt() {
        val more = CountDownLatch(1)
        val begun = CountDownLatch(1)
        val slow = object : InputStream() {
            override fun read(): Int {
                begun.countDown()
                more.await()
                return -1
            }
        }
        app.container.imports.start(listOf(handOver("lent.pdf") { slow }))
        waitUntil("it is being copied") { begun.count == 0L }
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        aide.press("Se déconnecter")
        answer("Se déconnecter")
        more.countDown()
        waitUntil("the copy has ended") { app.container.imports.state.value.running == 0 }
        assertEquals(emptyList<String>(), app.container.brouillons.folder.list().orEmpty().toList())
        assertEquals(null, app.container.imports.state.value.failure)
    }

    private fun answer(expected: String) {
        val yes = (ShadowDialog.getLatestDialog() as AlertDialog).getButton(AlertDialog.BUTTON_POSITIVE)
        assertEquals(expected, yes.text.toString())
        yes.performClick()
        idle()
    }
}
