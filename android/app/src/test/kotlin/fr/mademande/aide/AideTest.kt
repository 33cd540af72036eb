package fr.mademande.aide

import android.content.Intent
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import android.widget.Switch
import fr.mademande.App
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.visible
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class AideTest {
    private val app get() = RuntimeEnvironment.getApplication() as App

    @Test
    fun looks() = inEveryVariant<AideActivity>("aide")

    @Test
    fun textsLook() {
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
        assertTrue(fr.mademande.Reglages(app).wifiSeulement)
    }

    @Test
    fun noOtherAppSeesTheScreen() {
        val aide = Robolectric.buildActivity(AideActivity::class.java).setup().get()
        assertNotEquals(0, aide.window.attributes.flags and FLAG_SECURE)
    }
}
