package fr.mademande

import android.content.Context
import androidx.test.platform.app.InstrumentationRegistry
import fr.mademande.parcours.Parcours
import fr.mademande.parcours.Robot
import org.junit.After
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

/** The journeys, against the real server on this machine. */
@RunWith(RobolectricTestRunner::class)
class ParcoursTest {
    private val instrumentation = InstrumentationRegistry.getInstrumentation()
    private val context: Context = instrumentation.targetContext
    private val scene = SceneRobolectric(context.applicationContext as App)
    private val robot = Robot(instrumentation, scene)
    private val parcours = Parcours(context, robot)

    @After
    fun close() {
        robot.close()
        scene.close()
    }

    @Test
    fun photoEnvoyeeMalgreUneCoupure() = parcours.photoEnvoyeeMalgreUneCoupure()

    @Test
    fun pieceRefuseePuisRemplacee() = parcours.pieceRefuseePuisRemplacee()

    @Test
    fun pdfPartage() = parcours.pdfPartage()

    @Test
    fun processusTuePendantLEnvoi() {
        parcours.envoiAvantLaMortDuProcessus()
        parcours.envoiApresLaMortDuProcessus()
    }
}
