/* Android's scheduler played by hand: which job is asked for, what it answers, how soon it stops. Also on Android 9. */
package fr.mademande.jobs

import android.app.Notification
import android.app.NotificationManager
import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.Intent
import android.os.Build
import android.provider.MediaStore
import fr.mademande.App
import fr.mademande.coeur.Contenu
import fr.mademande.coeur.Echec
import fr.mademande.coeur.EcouteurEnvoi
import fr.mademande.coeur.Envoi
import fr.mademande.coeur.Phrase
import fr.mademande.demande.DemandeActivity
import fr.mademande.fakes.FakeClient
import fr.mademande.fakes.Samples
import fr.mademande.fakes.install
import fr.mademande.revue.pickImages
import fr.mademande.service
import fr.mademande.ui.idle
import fr.mademande.ui.words
import java.time.Duration
import kotlinx.coroutines.CompletableDeferred
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ServiceController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowAlertDialog

@RunWith(RobolectricTestRunner::class)
@Config(sdk = [28, 35])
class JobsTest {
    private val client = FakeClient()
    private lateinit var app: App
    private val scheduler get() = app.service<JobScheduler>()
    private val reason = Phrase("quota_atteint", "Votre demande est pleine.")

    @Before
    fun install() {
        client.demande = Samples.demande
        client.known = Samples.known
        client.queue = Contenu(listOf(Samples.waiting), emptyList())
        app = client.install()
    }

    @Test
    fun theJobIsTheOneThatThisAndroidHas() {
        app.container.expediteur.request(212_000, visible = true)
        val job = planned()
        assertTrue(job.isPersisted)
        if (Build.VERSION.SDK_INT >= 34) {
            assertTrue(job.isUserInitiated)
            assertEquals(212_000, job.estimatedNetworkUploadBytes)
        } else {
            assertEquals(JobInfo.BACKOFF_POLICY_EXPONENTIAL, job.backoffPolicy)
        }
    }

    @Test
    @Suppress("DEPRECATION")
    fun wifiOnlyIsAConditionOfTheJob() {
        app.container.expediteur.request(1, visible = true)
        assertEquals(JobInfo.NETWORK_TYPE_ANY, planned().networkType)
        app.container.reglages.wifiSeulement = true
        app.container.expediteur.request(1, visible = true)
        assertEquals(JobInfo.NETWORK_TYPE_UNMETERED, planned().networkType)
    }

    @Test
    fun nothingLeftEndsTheJob() = answers(Envoi.Vide, again = false)

    @Test
    fun whatPassesByItselfIsTriedAgain() = answers(Envoi.Reprendre(Duration.ofMinutes(1)), again = true)

    @Test
    fun whatNeedsThePersonEndsTheJobAndIsSaidWithoutSayingWhat() {
        answers(Envoi.Bloque(reason), again = false)
        val said = notification(Notifications.BLOCKED)
        assertEquals("Un envoi est bloqué", said.extras.getString(Notification.EXTRA_TITLE))
    }

    @Test
    fun anEndedSessionEndsTheJobAndAsksToSignIn() {
        fails(FakeClient.expired(), again = false)
        assertEquals("Connexion à refaire", notification(Notifications.BLOCKED).extras.getString(Notification.EXTRA_TITLE))
    }

    @Test
    fun anotherFailureIsTriedAgain() = fails(Echec.Appareil(Phrase("stockage", "…")), again = true)

    @Test
    fun aStoppedJobThrowsTheEnginesSwitchAndIsTriedAgain() {
        client.sending = { CompletableDeferred<Envoi>().await() }
        val job = start()
        assertTrue(app.container.expediteur.running)
        assertTrue(job.get().onStopJob(parameters()))
        idle()
        assertFalse(app.container.expediteur.running)
        assertNull(shadowOf(notifications()).getNotification(Notifications.SENDING))
    }

    @Test
    fun whatTheEngineSaysWhenAllIsOverDoesNotKeepTheNextFromBeingPlanned() {
        lateinit var late: EcouteurEnvoi
        client.sending = { listener ->
            late = listener
            Envoi.Vide
        }
        start()
        late.avance("t", 53_000u, 212_000u)
        assertFalse(app.container.expediteur.running)
        assertTrue("nothing is being sent", app.container.expediteur.progress.value.sent.isEmpty())
        app.container.expediteur.request(1, visible = true)
        assertTrue(app.container.planification.envoiPlanned)
    }

    @Test
    fun progressIsShownAndPausingFromThereStopsAll() {
        client.sending = { listener ->
            listener.avance("t", 53_000u, 212_000u)
            CompletableDeferred<Envoi>().await()
        }
        app.container.expediteur.request(212_000, visible = true)
        start()
        shadowOf(app.mainLooper).idleFor(Duration.ofSeconds(2))
        val shown = notification(Notifications.SENDING)
        assertEquals(25, shown.extras.getInt(Notification.EXTRA_PROGRESS))
        shadowOf(shown.actions.single().actionIntent).run { app.sendBroadcast(savedIntent) }
        idle()
        assertTrue(app.container.expediteur.paused)
        assertFalse(app.container.planification.envoiPlanned)
    }

    @Test
    fun aPausedQueueIsNotSent() {
        app.container.expediteur.pause()
        val job = Robolectric.buildService(EnvoiJob::class.java).create()
        assertFalse(job.get().onStartJob(parameters()))
        assertFalse("envoyer" in client.asked)
    }

    @Test
    fun whatIsQueuedWhileSendingIsSentByTheSameJob() {
        val first = CompletableDeferred<Envoi>()
        client.sending = { first.await() }
        start()
        app.container.expediteur.request(1, visible = true)
        assertFalse("planning would end the job that runs", app.container.planification.envoiPlanned)
        client.sending = { Envoi.Vide }
        first.complete(Envoi.Vide)
        idle()
        assertEquals(2, client.asked.count { it == "envoyer" })
    }

    @Test
    fun afterAForcedStopWhatWaitedGoesOnAndIsSaid() {
        app.container.expediteur.request(1, visible = true)
        scheduler.cancelAll()
        val screen = Robolectric.buildActivity(DemandeActivity::class.java).setup().get()
        idle()
        assertTrue(app.container.planification.envoiPlanned)
        val dialog = checkNotNull(ShadowAlertDialog.getLatestAlertDialog())
        assertTrue("interrompu" in shadowOf(dialog).message)
        assertTrue(screen.words().isNotEmpty())
    }

    @Test
    fun theDailyLookSaysThatThereIsSomethingAndNotWhat() {
        client.known = Samples.known.copy(demande = Samples.demande.copy(piecesDemandees = emptyList()))
        val job = Robolectric.buildService(SuiviJob::class.java).create()
        assertTrue(job.get().onStartJob(parameters()))
        idle()
        val asked = notification(Notifications.ASKED)
        val words = "${asked.extras.getString(Notification.EXTRA_TITLE)} ${asked.extras.getString(Notification.EXTRA_TEXT)}"
        assertFalse(words, "bulletin" in words || "BERTHIER" in words)
        assertNull("nothing else is new", shadowOf(notifications()).getNotification(Notifications.REPLACE))
    }

    @Test
    fun whatThePersonHasSeenIsNotNews() {
        Robolectric.buildService(SuiviJob::class.java).create().get().onStartJob(parameters())
        idle()
        assertEquals(0, shadowOf(notifications()).size())
    }

    @Test
    fun theDailyLookIsPlannedOnce() {
        app.container.planification.planSuivi()
        val job = checkNotNull(scheduler.getPendingJob(Planification.SUIVI))
        assertTrue(job.isPeriodic && job.isPersisted)
        assertEquals(Duration.ofDays(1).toMillis(), job.intervalMillis)
    }

    @Test
    fun thePickerIsTheOneThatThisAndroidHas() {
        val intent = pickImages()
        val expected = if (Build.VERSION.SDK_INT >= 33) MediaStore.ACTION_PICK_IMAGES else Intent.ACTION_OPEN_DOCUMENT
        assertEquals(expected, intent.action)
    }

    private fun answers(envoi: Envoi, again: Boolean) {
        client.sending = { envoi }
        ends(again)
    }

    private fun fails(failure: Echec, again: Boolean) {
        client.sending = { throw failure }
        ends(again)
    }

    private fun ends(again: Boolean) {
        val job = start()
        val shadow = shadowOf(job.get() as android.app.job.JobService)
        assertTrue(shadow.isJobFinished)
        assertEquals(again, shadow.isRescheduleNeeded)
        assertFalse(app.container.expediteur.running)
    }

    private fun start(): ServiceController<EnvoiJob> {
        val job = Robolectric.buildService(EnvoiJob::class.java).create()
        assertTrue(job.get().onStartJob(parameters()))
        idle()
        return job
    }

    private fun planned(): JobInfo = checkNotNull(scheduler.getPendingJob(Planification.ENVOI))

    private fun notifications(): NotificationManager = app.service<NotificationManager>()

    private fun notification(id: Int): Notification =
        shadowOf(notifications()).getNotification(id).also { assertNotNull("notification $id", it) }
}
