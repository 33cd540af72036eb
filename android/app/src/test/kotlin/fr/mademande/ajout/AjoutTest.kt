package fr.mademande.ajout

import android.content.Intent
import android.net.Uri
import fr.mademande.App
import fr.mademande.brouillon.Imports
import fr.mademande.brouillon.Page
import fr.mademande.coeur.phrase
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.handOver
import fr.mademande.fakes.install
import fr.mademande.fakes.sample
import fr.mademande.fakes.waitUntil
import fr.mademande.revue.RevueActivity
import fr.mademande.ui.idle
import fr.mademande.ui.inEveryVariant
import fr.mademande.ui.press
import fr.mademande.ui.words
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowAlertDialog

@RunWith(RobolectricTestRunner::class)
class AjoutTest {
    private lateinit var app: App
    private val brouillons get() = app.container.brouillons

    @Before
    fun install() {
        val client = FakeClient()
        client.demande = Samples.demande
        app = client.install()
        brouillons.clear()
    }

    @Test
    fun looks() = inEveryVariant<AjoutActivity>("ajout")

    @Test
    fun looksOfTheTypes() = inEveryVariant<AjoutActivity>("ajout-type", AjoutActivity.intent(app, Slot("identite", personne = "p3")))

    @Test
    fun looksUnfinished() {
        brouillons.update { it.copy(pages = listOf(Page("a", pdf = false))) }
        inEveryVariant<AjoutActivity>("ajout-inacheve")
        val screen = open(AjoutActivity.intent(app, Slot("identite", personne = "p3")))
        screen.press("L’effacer et recommencer")
        assertEquals(emptyList<Page>(), brouillons.state.value.pages)
        assertTrue(screen.words(), "De quel document" in screen.words())
    }

    @Test
    fun eachChoiceOpensTheNextAndTheLastOneThePages() {
        val what = open(AjoutActivity.intent(app))
        what.press("Identité")
        val which = open(shadowOf(what).nextStartedActivity)
        which.press("Carte nationale")
        assertEquals(RevueActivity::class.java.name, shadowOf(which).nextStartedActivity.component?.className)
        assertEquals(Slot("identite", "carte_identite", "p1"), brouillons.state.value.slot)
    }

    @Test
    fun whatAGuichetAsksForNeedsNoChoice() {
        val slot = Slot("ressources_mensuelles", "bulletins_salaire", "p1", demandePiece = "q")
        val screen = open(AjoutActivity.intent(app, slot))
        assertEquals(RevueActivity::class.java.name, shadowOf(screen).nextStartedActivity.component?.className)
        assertEquals(slot, brouillons.state.value.slot)
        assertTrue(screen.isFinishing)
    }

    @Test
    fun whatAnotherAppSharesBecomesAPage() {
        val screen = share(handOver("page_C.pdf") { sample("page_C.pdf").inputStream() })
        assertEquals(AjoutActivity::class.java.name, shadowOf(screen).nextStartedActivity.component?.className)
        waitUntil("it is a page") { brouillons.state.value.pages.singleOrNull()?.pdf == true }
    }

    @Test
    fun looksOfSharingWhileUnfinished() {
        brouillons.update { it.copy(pages = listOf(Page("a", pdf = false))) }
        inEveryVariant<PartageActivity>("partage", shareIntent(Uri.parse("content://autre.application/x")))
        val screen = share(handOver("A_12.jpg") { sample("A_12.jpg").inputStream() })
        screen.press("L’ajouter à cette pièce")
        assertEquals(RevueActivity::class.java.name, shadowOf(screen).nextStartedActivity.component?.className)
        waitUntil("it is one more page") { brouillons.state.value.pages.size == 2 }
    }

    @Test
    fun moreThanAPieceIsMadeOfIsRefusedWhole() {
        var opened = 0
        val uris = List(Imports.FILES_MAX + 1) {
            handOver("$it.jpg") {
                opened++
                sample("A_12.jpg").inputStream()
            }
        }
        share(
            Intent(Intent.ACTION_SEND_MULTIPLE).putParcelableArrayListExtra(Intent.EXTRA_STREAM, ArrayList(uris)),
        )
        waitUntil("it is refused") { app.container.imports.state.value.run { running == 0 && failure != null } }
        assertEquals("trop_de_fichiers", app.container.imports.state.value.failure?.phrase?.code)
        assertEquals(0, opened)
        assertEquals(emptyList<Page>(), brouillons.state.value.pages)
        val revue = Robolectric.buildActivity(RevueActivity::class.java).setup().get().also { idle() }
        assertTrue(revue.words(), "20 fichiers au plus" in revue.words())
    }

    @Test
    fun aFullPhoneSaysWhatToDo() {
        val screen = open(AjoutActivity.intent(app, Slot("identite", personne = "p1")))
        // Nothing can be written where a file lies in the folder's place.
        brouillons.folder.deleteRecursively()
        brouillons.folder.writeText("")
        screen.press("Carte nationale")
        assertTrue(dialogWords(), "Libérez de la place" in dialogWords())
        assertNull("there is no next page", shadowOf(screen).nextStartedActivity)
        brouillons.folder.delete()
    }

    @Test
    fun sharingNothingSaysSo() {
        val screen = Robolectric.buildActivity(PartageActivity::class.java, Intent(Intent.ACTION_SEND)).setup().get()
        assertTrue(screen.words(), "Partagez une photo ou un PDF" in screen.words())
    }

    private fun open(intent: Intent): AjoutActivity =
        Robolectric.buildActivity(AjoutActivity::class.java, intent).setup().get().also { idle() }

    private fun shareIntent(uri: Uri): Intent = Intent(Intent.ACTION_SEND).putExtra(Intent.EXTRA_STREAM, uri)

    private fun share(uri: Uri): PartageActivity = share(shareIntent(uri))

    private fun share(intent: Intent): PartageActivity =
        Robolectric.buildActivity(PartageActivity::class.java, intent).setup().get().also { idle() }

    private fun dialogWords(): String = shadowOf(ShadowAlertDialog.getLatestAlertDialog()).message.toString()
}
