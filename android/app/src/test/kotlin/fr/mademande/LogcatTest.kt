package fr.mademande

import android.app.Activity
import android.content.Intent
import android.util.Log
import android.widget.EditText
import fr.mademande.connexion.ConnexionActivity
import fr.mademande.demande.DemandeActivity
import fr.mademande.evenements.EvenementsActivity
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.pieces.PieceActivity
import fr.mademande.pieces.PiecesActivity
import fr.mademande.ui.idle
import fr.mademande.ui.visible
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.shadows.ShadowLog

/** Whoever reads the phone's log learns nothing of whom it belongs to. */
@RunWith(RobolectricTestRunner::class)
class LogcatTest {
    @Test
    fun noScreenLogsAnythingPersonal() {
        val client = FakeClient()
        client.demande = Samples.demande
        client.pieces = Samples.pieces
        val app = client.install()
        Log.i("essai", "the log is heard")

        for (screen in listOf(DemandeActivity::class, PiecesActivity::class, EvenementsActivity::class)) {
            open(screen.java, null)
        }
        for (piece in Samples.pieces) open(PieceActivity::class.java, PieceActivity.intent(app, piece.id))
        client.failure = FakeClient.offline()
        open(ConnexionActivity::class.java, null)

        val log = ShadowLog.getLogs().joinToString("\n") { "${it.tag} ${it.msg} ${it.throwable?.stackTraceToString()}" }
        assertTrue("the log is heard" in log)
        val personal = listOf("07390", "BERTHIER", "DIALLO", "Inès", "DSC_0001", "7K3QX", "bulletin", "SESAME")
        assertEquals(emptyList<String>(), personal.filter { it in log })
    }

    private fun <A : Activity> open(screen: Class<A>, intent: Intent?) {
        Robolectric.buildActivity(screen, intent).use { controller ->
            controller.setup()
            idle()
            val views = visible(controller.get().window.decorView)
            views.filterIsInstance<EditText>().forEach { it.setText("057121507390310691 SESAME") }
            if (controller.get() is ConnexionActivity) views.filter { it.isClickable }.forEach { it.performClick() }
            idle()
        }
    }
}
