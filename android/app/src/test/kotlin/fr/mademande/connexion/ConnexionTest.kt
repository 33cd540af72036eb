package fr.mademande.connexion

import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.EditText
import fr.mademande.R
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Phrase
import fr.mademande.demande.DemandeActivity
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.words
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class ConnexionTest {
    private val client = FakeClient()

    @Before
    fun install() {
        client.demande = Samples.demande
        client.install()
    }

    @Test
    fun looks() = inEveryVariant<ConnexionActivity>("connexion")

    @Test
    fun looksRefused() {
        client.failure = refused()
        inEveryVariant<ConnexionActivity>("connexion-refusee") { screen ->
            screen.type("057121507390310691", "0000")
            screen.press("Se connecter", "Sign in")
        }
    }

    @Test
    fun looksAfterASession() = inEveryVariant<ConnexionActivity>(
        "connexion-expiree",
        ConnexionActivity.intent(RuntimeEnvironment.getApplication(), again = true),
    )

    @Test
    fun aNumeroIsGroupedHoweverItComes() {
        assertEquals("057 1215 073903 10691", groupNumero("057121507390310691"))
        assertEquals("057 1215 073903 10691", groupNumero(" 057-1215.073903 10691\n"))
        assertEquals("111 1023 517879 GDPUB", groupNumero("1111023517879gdpub"))
        assertEquals("057 1", groupNumero("0571"))
        assertEquals("", groupNumero("  "))
    }

    @Test
    fun theCursorStaysBehindWhatWasTyped() {
        val field = open().numero
        field.setText("057 1215 073903 10691")
        // A digit forgotten in the third group is put in where it belongs.
        field.text.delete(10, 11)
        field.setSelection(10)
        field.text.insert(10, "7")
        assertEquals("057 1215 073903 10691", field.text.toString())
        assertEquals(11, field.selectionEnd)
    }

    @Test
    fun signedInTheDemandeOpensAndTheCodeIsGone() {
        val screen = open()
        screen.type("057121507390310691", "a code")
        screen.press("Se connecter")
        assertEquals(DemandeActivity::class.java.name, shadowOf(screen).nextStartedActivity.component?.className)
        assertEquals("", screen.code.text.toString())
    }

    @Test
    fun aRefusalIsSaidAndTheNumeroStays() {
        client.failure = refused()
        val screen = open()
        screen.type("057121507390310691", "a code")
        screen.press("Se connecter")
        assertTrue(screen.words(), "Numéro unique ou code incorrect." in screen.words())
        assertEquals("057 1215 073903 10691", screen.numero.text.toString())
        assertEquals("", screen.code.text.toString())
    }

    @Test
    fun aMalformedNumeroIsSaidWithoutAskingTheServer() {
        val screen = open()
        screen.type("057 1315 073903 10691", "a code")
        screen.press("Se connecter")
        assertTrue(screen.words(), "mois" in screen.words())
        assertEquals(emptyList<String>(), client.asked)
    }

    @Test
    fun theCodeIsKeptByNobody() {
        val controller = Robolectric.buildActivity(ConnexionActivity::class.java).setup()
        val screen = controller.get()
        screen.type("057121507390310691", "SESAME-OUVRE-TOI")
        assertFalse(screen.code.isSaveEnabled)
        assertEquals(View.IMPORTANT_FOR_AUTOFILL_NO, screen.code.importantForAutofill)
        assertEquals(InputType.TYPE_TEXT_VARIATION_PASSWORD, screen.code.inputType and InputType.TYPE_MASK_VARIATION)
        val saved = Bundle()
        controller.saveInstanceState(saved)
        assertFalse(saved.toString(), "SESAME" in saved.toString())
        controller.recreate()
        assertEquals("057 1215 073903 10691", controller.get().numero.text.toString())
        assertEquals("", controller.get().code.text.toString())
    }

    private fun refused() = Echec.Refus(
        Phrase("identification_refusee", "Numéro unique ou code incorrect. Vérifiez-les sur votre attestation d’enregistrement."),
    )

    private fun open(): ConnexionActivity =
        Robolectric.buildActivity(ConnexionActivity::class.java).setup().get().also { idle() }

    private val ConnexionActivity.numero: EditText get() = checkNotNull(findViewById(R.id.connexion_numero))
    private val ConnexionActivity.code: EditText get() = checkNotNull(findViewById(R.id.connexion_code))

    private fun ConnexionActivity.type(numero: String, code: String) {
        this.numero.setText(numero)
        this.code.setText(code)
    }
}
