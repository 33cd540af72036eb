package fr.mademande.brouillon

import fr.mademande.ajout.Slot
import fr.mademande.coeur.Avertissement
import fr.mademande.coeur.Corners
import fr.mademande.coeur.Mask
import fr.mademande.coeur.Point
import fr.mademande.coeur.Rotation
import java.io.File
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class BrouillonTest {
    @get:Rule
    val folder = TemporaryFolder()

    private val page = Page(
        file = "a",
        pdf = false,
        rotation = Rotation.QUART,
        corners = WHOLE.with(0, Point(0.25f, 0.125f)),
        found = WHOLE,
        clean = true,
        masks = listOf(Mask(2u, Point(0.1f, 0.2f), Point(0.3f, 0.4f))),
        warnings = listOf(Avertissement("floue", "Cette photo semble floue.", null), Avertissement("nir_visible", "…", 3u)),
        suggestion = "Avis d’imposition",
        estimate = 129_000,
    )
    private val whole = Brouillon(Slot("identite", "passeport", "p", "d", "r"), listOf(page, Page("b", pdf = true, count = 4)), "c")

    @Test
    fun everythingIsThereAgainAfterTheProcessHasDied() {
        Brouillons(folder.root).update { whole }
        assertEquals(whole, Brouillons(folder.root).state.value)
    }

    @Test
    fun whatIsNoLongerNamedIsErasedAndNothingElse() {
        val brouillons = Brouillons(folder.root)
        for (name in listOf("a", "b", "c")) folder.newFile(name)
        brouillons.update { whole }
        brouillons.update { it.without(0).copy(photo = null) }
        assertEquals(setOf("b", "brouillon.json"), names())
    }

    @Test
    fun whatACrashLeftIsErasedAtTheNextStart() {
        Brouillons(folder.root).update { whole }
        for (name in listOf("a", "b", "c", "half")) folder.newFile(name)
        Brouillons(folder.root)
        assertEquals(setOf("a", "b", "c", "brouillon.json"), names())
    }

    @Test
    fun aDraftOfAnotherVersionIsNoDraft() {
        for (text in listOf("", "{", "[]", """{"slot":{},"pages":[{"file":"a"}]}""")) assertNull(text, readBrouillon(text))
        File(folder.root, "brouillon.json").writeText("{")
        assertEquals(Brouillon(), Brouillons(folder.root).state.value)
    }

    @Test
    fun givingUpLeavesNothing() {
        val brouillons = Brouillons(folder.root)
        folder.newFile("a")
        brouillons.update { whole }
        brouillons.clear()
        assertEquals(emptySet<String>(), names())
        assertEquals(Brouillon(), brouillons.state.value)
    }

    @Test
    fun pagesMoveAsFarAsThereIsRoom() {
        assertEquals(listOf("b", "a"), whole.moved(0, 1).pages.map { it.file })
        assertEquals(whole, whole.moved(0, -1))
        assertEquals(whole, whole.moved(1, 1))
    }

    @Test
    fun itIsPlacedOnceItsTypeIsKnown() {
        assertTrue(whole.placed)
        assertFalse(Brouillon(Slot("identite")).placed)
    }

    /** A sheet of paper turned by hand: its top left corner goes to the top right. */
    @Test
    fun aStepOnTheScreenIsAStepInTheUprightPicture() {
        val right = mapOf(
            Rotation.AUCUNE to Point(1f, 0f),
            Rotation.QUART to Point(0f, -1f),
            Rotation.DEMI to Point(-1f, 0f),
            Rotation.TROIS_QUARTS to Point(0f, 1f),
        )
        for ((rotation, step) in right) assertEquals("$rotation", step, uprightStep(1f, 0f, rotation) + Point(0f, 0f))
        assertEquals(0, uprightCorner(1, Rotation.QUART))
        assertEquals(0, uprightCorner(2, Rotation.DEMI))
        assertEquals(0, uprightCorner(3, Rotation.TROIS_QUARTS))
    }

    @Test
    fun masksStayInsideAndCannotBeLost() {
        val mask = Mask(0u, Point(0.5f, 0.5f), Point(0.75f, 0.75f))
        assertEquals(Mask(0u, Point(0.75f, 0.75f), Point(1f, 1f)), mask.moved(Point(9f, 9f)))
        assertTrue(mask.resized(Point(-9f, -9f)).to.x > 0.5f)
        assertNull("a touch is no mask", maskBetween(0u, Point(0.5f, 0.5f), Point(0.5f, 0.5f)))
        assertEquals(Mask(0u, Point(0f, 0.25f), Point(0.5f, 1f)), maskBetween(0u, Point(0.5f, 2f), Point(-1f, 0.25f)))
    }

    @Test
    fun cornersStayInside() {
        assertEquals(Corners(Point(0f, 1f), WHOLE.topRight, WHOLE.bottomRight, WHOLE.bottomLeft), WHOLE.with(0, Point(-3f, 4f)))
    }

    private fun names(): Set<String> = folder.root.list().orEmpty().toSet()
}
