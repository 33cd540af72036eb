/* With the real engine: what is taken in, how it is shown, and what is worked on. */
package fr.mademande.revue

import android.app.Activity
import android.content.Intent
import android.net.Uri
import android.provider.MediaStore
import fr.mademande.App
import fr.mademande.ajout.Slot
import fr.mademande.brouillon.Page
import fr.mademande.coeur.Avertissement
import fr.mademande.coeur.Rotation
import fr.mademande.coeur.limites
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.handOver
import fr.mademande.fakes.install
import fr.mademande.fakes.sample
import fr.mademande.fakes.waitUntil
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.visible
import fr.mademande.ui.words
import java.io.ByteArrayInputStream
import java.io.IOException
import java.io.InputStream
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class RevueTest {
    private lateinit var app: App
    private val brouillons get() = app.container.brouillons
    private val pages: List<Page> get() = brouillons.state.value.pages

    @Before
    fun install() {
        val client = FakeClient()
        client.demande = Samples.demande
        client.known = Samples.known
        app = client.install()
        brouillons.clear()
        brouillons.update { it.copy(slot = Slot("revenu_fiscal", "avis_imposition", "p1")) }
    }

    @Test
    fun looks() {
        take("A_12.jpg")
        take("page_C.pdf")
        brouillons.update {
            it.withPage(0) { page -> page.copy(warnings = listOf(Avertissement("floue", "Cette photo semble floue. Reprenez-la.", null))) }
        }
        inEveryVariant<RevueActivity>("revue") { screen ->
            waitUntil("the pictures are drawn") { pictures(screen).all { it.bitmap != null } }
        }
    }

    @Test
    fun looksEmpty() = inEveryVariant<RevueActivity>("revue-vide")

    @Test
    fun looksOfTheCorners() {
        take("A_12.jpg")
        inEveryVariant<PageActivity>("page-coins", PageActivity.intent(app, 0)) { screen ->
            waitUntil("the picture is drawn") { pictures(screen).single().bitmap != null }
        }
    }

    @Test
    fun looksOfHiding() {
        take("A_12.jpg")
        inEveryVariant<PageActivity>("page-cache", PageActivity.intent(app, 0)) { screen ->
            waitUntil("the picture is drawn") { pictures(screen).single().bitmap != null }
            screen.press("Masquer un texte", "Hide a text")
            if (pages.single().masks.isEmpty()) screen.press("Ajouter un cache", "Add a cover")
        }
    }

    @Test
    fun aPhotoIsLookedAtAndMeasured() {
        take("A_12.jpg")
        val page = pages.single()
        assertFalse(page.pdf)
        assertNotNull("a sheet on a table is found", page.found)
        assertTrue("${page.estimate}", page.estimate in 50_000..500_000)
        val screen = Robolectric.buildActivity(RevueActivity::class.java).setup().get()
        waitUntil("its size is shown") { "Taille de l’envoi : ≈ " in screen.words() }
    }

    @Test
    fun whatCannotBeSentIsSaidAndLeavesNothing() {
        val before = brouillons.folder.list().orEmpty().toSet()
        app.container.imports.start(listOf(handOver("notes.txt") { ByteArrayInputStream("bonjour".toByteArray()) }))
        waitUntil("it is refused") { app.container.imports.state.value.failure != null }
        assertEquals(emptyList<Page>(), pages)
        assertEquals(before, brouillons.folder.list().orEmpty().toSet())
        val screen = Robolectric.buildActivity(RevueActivity::class.java).setup().get()
        idle()
        assertTrue(screen.words(), "n’est pas accepté" in screen.words())
        screen.press("J’ai compris")
        assertFalse("n’est pas accepté" in screen.words())
    }

    @Test
    fun aFileWithoutEndIsCutOff() {
        var given = 0L
        val endless = object : InputStream() {
            override fun read(): Int = 0.also { given++ }

            override fun read(buffer: ByteArray, offset: Int, length: Int): Int = length.also { given += length }
        }
        app.container.imports.start(listOf(handOver("sans-fin") { endless }))
        waitUntil("it is refused") { app.container.imports.state.value.failure != null }
        assertEquals(limites().sourceBytesMax.toLong() + 1, given)
    }

    @Test
    fun aProviderThatThrowsCostsNothing() {
        for (thrown in listOf(SecurityException("no"), IllegalStateException("no"), IOException("no"))) {
            app.container.imports.forgetFailure()
            app.container.imports.start(listOf(handOver("faute") { throw thrown }))
            waitUntil("$thrown is said") { app.container.imports.state.value.failure != null }
        }
        assertEquals(emptyList<Page>(), pages)
    }

    @Test
    fun ourOwnDoorIsNoSource() {
        for (address in listOf("content://fr.mademande.photo/x", "file://${brouillons.folder}/brouillon.json")) {
            app.container.imports.forgetFailure()
            app.container.imports.start(listOf(Uri.parse(address)))
            waitUntil("$address is refused") { app.container.imports.state.value.failure != null }
        }
    }

    @Test
    fun theCamerasTargetIsWrittenDownBeforeItOpensAndFoundAgainAfterTheProcessHasDied() {
        val screen = Robolectric.buildActivity(RevueActivity::class.java).setup().get()
        screen.press("Prendre une photo")
        val started = shadowOf(screen).nextStartedActivityForResult.intent
        assertEquals(MediaStore.ACTION_IMAGE_CAPTURE, started.action)
        assertNotEquals(0, started.flags and Intent.FLAG_GRANT_WRITE_URI_PERMISSION)
        val target = checkNotNull(started.clipData).getItemAt(0).uri
        assertEquals(brouillons.state.value.photo, target.lastPathSegment)
        checkNotNull(app.contentResolver.openOutputStream(target)).use { out -> sample("A_12.jpg").inputStream().use { it.copyTo(out) } }

        val after = FakeClient().apply { demande = Samples.demande }.install()
        Robolectric.buildActivity(RevueActivity::class.java).setup()
        waitUntil("the photo is a page") { after.container.brouillons.state.value.pages.size == 1 }
        assertNull(after.container.brouillons.state.value.photo)
    }

    @Test
    fun anEmptyPhotoIsACancellation() {
        val screen = Robolectric.buildActivity(RevueActivity::class.java).setup().get()
        screen.press("Prendre une photo")
        val started = shadowOf(screen).nextStartedActivityForResult.intent
        shadowOf(screen).receiveResult(started, Activity.RESULT_OK, null)
        idle()
        assertNull(brouillons.state.value.photo)
        assertNull(app.container.imports.state.value.failure)
    }

    @Test
    fun theDoorOpensOnNothingButThePhoto() {
        take("A_12.jpg")
        val other = Uri.parse("content://fr.mademande.photo/${pages.single().file}")
        assertTrue(runCatching { app.contentResolver.openFileDescriptor(other, "r") }.exceptionOrNull() is IOException)
    }

    @Test
    fun buttonsDoWhatFingersDo() {
        take("A_12.jpg")
        brouillons.update { it.withPage(0) { page -> page.copy(corners = null, found = null) } }
        val screen = Robolectric.buildActivity(PageActivity::class.java, PageActivity.intent(app, 0)).setup().get()
        screen.press("Coin en haut à gauche")
        screen.press("Vers la droite")
        screen.press("Vers le bas")
        val corner = checkNotNull(pages.single().corners).topLeft
        assertEquals(0.01f, corner.x, 1e-6f)
        assertEquals(0.01f, corner.y, 1e-6f)
        screen.press("Tourner la page 1")
        assertEquals(Rotation.QUART, pages.single().rotation)
        screen.press("Masquer un texte")
        screen.press("Ajouter un cache")
        val placed = pages.single().masks.single()
        screen.press("Vers la droite")
        assertTrue("the picture is turned: right is up in it", pages.single().masks.single().from.y < placed.from.y)
        screen.press("Enlever le cache 1")
        assertEquals(emptyList<Any>(), pages.single().masks)
    }

    @Test
    fun pagesAreMovedTurnedAndTakenOut() {
        take("A_12.jpg")
        take("page_C.pdf")
        val screen = Robolectric.buildActivity(RevueActivity::class.java).setup().get()
        screen.press("Descendre la page 1")
        assertEquals(listOf(true, false), pages.map { it.pdf })
        screen.press("Tourner la page 1")
        assertEquals(Rotation.QUART, pages.first().rotation)
    }

    private fun take(name: String) {
        val before = pages.size
        app.container.imports.start(listOf(handOver(name) { sample(name).inputStream() }))
        waitUntil("$name is a page") {
            app.container.imports.state.value.failure?.let { throw it }
            pages.size == before + 1
        }
    }

    private fun pictures(screen: Activity): List<PageView> = visible(screen.window.decorView).filterIsInstance<PageView>()
}
