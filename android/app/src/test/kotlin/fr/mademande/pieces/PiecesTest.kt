package fr.mademande.pieces

import android.app.AlertDialog
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import fr.mademande.ajout.AjoutActivity
import fr.mademande.ajout.Slot
import fr.mademande.coeur.Justificatif
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.words
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Assert.fail
import org.junit.Before
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowDialog

@RunWith(RobolectricTestRunner::class)
class PiecesTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val client = FakeClient()

    @Before
    fun install() {
        client.demande = Samples.demande
        client.pieces = Samples.pieces
        client.document = sheet()
        client.install()
    }

    @Test
    fun looks() = inEveryVariant<PiecesActivity>("pieces")

    @Test
    fun looksEmpty() {
        client.pieces = emptyList()
        inEveryVariant<PiecesActivity>("pieces-aucune")
    }

    @Test
    fun looksOfAPiece() = inEveryVariant<PieceActivity>("piece", intent(Samples.unusable)) { screen ->
        waitFor(screen) { "Page 1" in screen.words() }
    }

    @Test
    fun looksOfALargePiece() = inEveryVariant<PieceActivity>("piece-lourde", intent(Samples.large))

    @Test
    fun looksOfAConfidentialPiece() = inEveryVariant<PieceActivity>("piece-confidentielle", intent(Samples.confidential))

    @Test
    fun whatIsToBeDoneComesFirst() {
        val screen = Robolectric.buildActivity(PiecesActivity::class.java).setup().get()
        idle()
        val words = screen.words()
        assertTrue(words, words.indexOf("Avis d’imposition") < words.indexOf("Carte nationale"))
        assertTrue(words, words.indexOf("Bail et quittance") < words.indexOf("Carte nationale"))
    }

    @Test
    fun oneTapReplacesARefusedPiece() {
        client.pieces = listOf(Samples.unusable)
        val screen = Robolectric.buildActivity(PiecesActivity::class.java).setup().get()
        idle()
        screen.press("Envoyer une nouvelle version")
        val intent = shadowOf(screen).nextStartedActivity
        assertEquals(AjoutActivity::class.java.name, intent.component?.className)
        assertEquals(Slot("revenu_fiscal", "avis_imposition", "p1", remplace = "2"), Slot.of(intent))
    }

    @Test
    fun aConfidentialPieceTellsNothing() {
        val screen = open(Samples.confidential)
        assertTrue("Pièce confidentielle" in screen.words())
        assertFalse(screen.words(), "DIALLO" in screen.words() || "Concerne" in screen.words())
        assertEquals(emptyList<String>(), client.asked.filter { it.startsWith("consulter") })
    }

    @Test
    fun aPageThatCannotBeDrawnIsSaidAndTheFirstOneComesBack() {
        val screen = open(Samples.unusable)
        waitFor(screen) { "Page 1 sur 4" in screen.words() }
        // The photo that stands in for the document has one page.
        screen.press("Page suivante")
        waitFor(screen) { "Réessayer" in screen.words() }
        screen.press("Réessayer")
        waitFor(screen) { "Page 1 sur 4" in screen.words() }
    }

    @Test
    fun aLargeDocumentIsFetchedOnRequestOnly() {
        val screen = open(Samples.large)
        assertEquals(emptyList<String>(), client.asked.filter { it.startsWith("consulter") })
        screen.press("Afficher le document")
        waitFor(screen) { "Page 1 sur 30" in screen.words() }
    }

    @Test
    fun withdrawingAsksFirst() {
        val screen = open(Samples.large)
        screen.press("Retirer cette pièce")
        assertEquals(emptyList<String>(), client.asked.filter { it.startsWith("retirer") })
        val dialog = ShadowDialog.getLatestDialog() as AlertDialog
        dialog.getButton(AlertDialog.BUTTON_POSITIVE).performClick()
        idle()
        assertTrue("retirer 6" in client.asked)
        assertTrue(screen.isFinishing)
    }

    @Test
    fun aPieceThatIsGoneSaysSo() {
        val screen = open(Samples.large.copy(id = "gone"))
        assertTrue("Cette pièce n’est plus là" in screen.words())
    }

    private fun intent(piece: Justificatif) = PieceActivity.intent(RuntimeEnvironment.getApplication(), piece.id)

    private fun open(piece: Justificatif): PieceActivity =
        Robolectric.buildActivity(PieceActivity::class.java, intent(piece)).setup().get().also { idle() }

    /** Drawing a page is the engine's work, on its own threads: the screen hears of it later. */
    private fun waitFor(screen: PieceActivity, condition: () -> Boolean) {
        repeat(2_000) {
            idle()
            if (condition()) return
            Thread.sleep(10)
        }
        fail("never came; shown: ${screen.words()}")
    }

    /** A page with lines, as a phone would have sent it. */
    private fun sheet(): File {
        val bitmap = Bitmap.createBitmap(620, 877, Bitmap.Config.ARGB_8888)
        val canvas = Canvas(bitmap)
        canvas.drawColor(Color.WHITE)
        val ink = Paint().apply { color = Color.rgb(40, 40, 60) }
        for (line in 0 until 26) canvas.drawRect(60f, 90f + line * 28, 560f - line * 37 % 180, 98f + line * 28, ink)
        return folder.newFile("page.jpg").also { file ->
            file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.JPEG, 90, it) }
        }
    }
}
