/* The journeys' surroundings on this machine: Robolectric records what is started and planned, and this does it. */
package fr.mademande

import android.app.Activity
import android.app.job.JobScheduler
import android.content.Intent
import android.provider.MediaStore
import fr.mademande.coeur.Client
import fr.mademande.coeur.ClientOptions
import fr.mademande.coeur.essai.CuttingProxy
import fr.mademande.coeur.essai.ServeurDEssai
import fr.mademande.coeur.essai.exemple
import fr.mademande.fakes.handOver
import fr.mademande.jobs.EnvoiJob
import fr.mademande.jobs.Planification
import fr.mademande.jobs.parameters
import fr.mademande.parcours.Scene
import fr.mademande.secrets.FakeAndroidKeyStore
import java.io.File
import java.time.Duration
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.android.controller.ServiceController

class SceneRobolectric(private val app: App) : Scene, AutoCloseable {
    private val serveur = ServeurDEssai()
    private val ligne = CuttingProxy(serveur.port)
    private val screens = ArrayDeque<ActivityController<out Activity>>()
    private var job: ServiceController<EnvoiJob>? = null
    private var photo: File? = null
    private var client: Client? = null

    override val numero = serveur.foyer.numero
    override val code = serveur.foyer.code

    override fun installer() {
        FakeAndroidKeyStore.install()
        recommencer()
    }

    override fun recommencer() {
        while (screens.isNotEmpty()) leave()
        job?.get()?.onStopJob(parameters())
        job = null
        client?.close()
        app.container = AppContainer(app) { container ->
            Client(ClientOptions(ligne.url, File(app.noBackupFilesDir, "coeur").path), container.secrets).also { client = it }
        }
    }

    override fun ouvrir(intent: Intent) = launch(intent)

    override fun laisserFaire() {
        shadowOf(app.mainLooper).idleFor(MOMENT)
        leaveFinished()
        started().forEach(::follow)
        runJob()
    }

    override fun poserDevantLAppareilPhoto(exemple: String) {
        photo = exemple(exemple)
    }

    override fun partage(exemple: String): Intent {
        val uri = handOver(exemple) { exemple(exemple).inputStream() }
        return Intent(Intent.ACTION_SEND).setType("application/pdf").putExtra(Intent.EXTRA_STREAM, uri)
            .setClassName(app, "fr.mademande.ajout.PartageActivity")
    }

    override fun couperLaLigne(methode: String, octets: Long) = ligne.deconnecter(methode, octets)

    override fun retablirLaLigne() = ligne.reconnecter()

    override fun coupures(): Int = ligne.coups

    override fun refuser(piece: String, raison: String) = serveur.refuser(piece, raison)

    override fun close() {
        while (screens.isNotEmpty()) leave()
        client?.close()
        ligne.close()
        serveur.close()
    }

    /** What goes to other apps goes nowhere here, but for the camera: the question about notifications stays unanswered. */
    private fun follow(started: Intent) {
        if (started.action == MediaStore.ACTION_IMAGE_CAPTURE) takePhoto(started) else if (started.component != null) launch(started)
    }

    private fun takePhoto(request: Intent) {
        val target = checkNotNull(request.clipData).getItemAt(0).uri
        checkNotNull(app.contentResolver.openOutputStream(target)).use { out -> checkNotNull(photo).inputStream().use { it.copyTo(out) } }
        shadowOf(screens.last().get()).receiveResult(request, Activity.RESULT_OK, null)
    }

    /** What was started since it was last asked, oldest first; Robolectric hands out the latest first. */
    private fun started(): List<Intent> = generateSequence { shadowOf(app).nextStartedActivity }.toList().reversed()

    /** A screen on top of the others, as far as the intent's flags leave any. */
    private fun launch(intent: Intent) {
        leaveFinished()
        @Suppress("UNCHECKED_CAST")
        val screen = Class.forName(checkNotNull(intent.component).className) as Class<out Activity>
        if (intent.has(Intent.FLAG_ACTIVITY_CLEAR_TASK)) while (screens.isNotEmpty()) leave()
        if (intent.has(Intent.FLAG_ACTIVITY_CLEAR_TOP) && screens.any { screen.isInstance(it.get()) }) {
            while (!screen.isInstance(screens.last().get())) leave()
            return resume()
        }
        screens.lastOrNull()?.pause()?.stop()
        screens.addLast(Robolectric.buildActivity(screen, intent).setup())
    }

    private fun Intent.has(flag: Int) = flags and flag != 0

    private fun leaveFinished() {
        if (screens.lastOrNull()?.get()?.isFinishing != true) return
        while (screens.lastOrNull()?.get()?.isFinishing == true) leave()
        resume()
    }

    private fun leave() {
        screens.removeLast().pause().stop().destroy()
    }

    private fun resume() {
        screens.lastOrNull()?.restart()?.start()?.resume()
    }

    /** Android's scheduler: runs what is planned, and again what asks for it, without the wait. */
    private fun runJob() {
        val scheduler = app.service<JobScheduler>()
        val running = job
        if (running != null) {
            val shadow = shadowOf(running.get() as android.app.job.JobService)
            if (!shadow.isJobFinished) return
            if (!shadow.isRescheduleNeeded) scheduler.cancel(Planification.ENVOI)
            running.destroy()
            job = null
        }
        if (scheduler.getPendingJob(Planification.ENVOI) == null) return
        val next = Robolectric.buildService(EnvoiJob::class.java).create()
        if (next.get().onStartJob(parameters())) job = next
    }

    private companion object {
        /** Time passes on the screen while the robot waits: what is drawn every second is drawn. */
        val MOMENT: Duration = Duration.ofMillis(100)
    }
}

