package fr.mademande.evenements

import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.ui.inEveryVariant
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class EvenementsTest {
    private val client = FakeClient()

    @Before
    fun install() {
        client.demande = Samples.demande
        client.install()
    }

    @Test
    fun looks() = inEveryVariant<EvenementsActivity>("evenements")

    @Test
    fun looksEmpty() {
        client.demande = Samples.demande.copy(evenements = emptyList())
        inEveryVariant<EvenementsActivity>("evenements-aucun")
    }
}
