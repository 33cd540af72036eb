/*
 * Android lets the queue be sent. What the engine answers is what the scheduler is told: nothing left, or again later; or
 * the person must act, and is told.
 */
package fr.mademande.jobs

import android.app.job.JobParameters
import android.app.job.JobService
import android.os.Build
import fr.mademande.App
import fr.mademande.AppContainer
import fr.mademande.coeur.Echec
import fr.mademande.coeur.Envoi
import fr.mademande.ui.SinceApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch

class EnvoiJob : JobService() {
    private val container: AppContainer get() = (application as App).container
    private val scope = MainScope()
    private var work: Job? = null

    override fun onStartJob(params: JobParameters): Boolean {
        if (container.expediteur.paused) return false
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE) showWith(params)
        work = scope.launch {
            val shown = scope.launch { followProgress() }
            val again = send()
            shown.cancel()
            container.notifications.sendingEnded()
            if (!again) container.reglages.envoiPrevu = false
            jobFinished(params, again)
        }
        return true
    }

    override fun onStopJob(params: JobParameters): Boolean {
        val byPerson = Build.VERSION.SDK_INT >= Build.VERSION_CODES.S && stoppedByPerson(params)
        work?.cancel()
        container.notifications.sendingEnded()
        if (byPerson) container.expediteur.pause() else container.expediteur.stop()
        return !byPerson
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }

    /** Whether it must be tried again. */
    private suspend fun send(): Boolean = try {
        when (container.expediteur.send()) {
            Envoi.Vide -> false
            is Envoi.Reprendre -> !container.expediteur.paused
            is Envoi.Bloque -> {
                container.notifications.blocked()
                false
            }
        }
    } catch (_: Echec.Session) {
        container.notifications.signInAgain()
        false
    } catch (_: Echec) {
        true
    }

    private suspend fun followProgress() {
        while (true) {
            container.notifications.sending(container.expediteur.progress.value)
            delay(PROGRESS_MS)
        }
    }

    @SinceApi(Build.VERSION_CODES.UPSIDE_DOWN_CAKE)
    private fun showWith(params: JobParameters) {
        val notification = container.notifications.sendingNotification(container.expediteur.progress.value)
        setNotification(params, Notifications.SENDING, notification, JOB_END_NOTIFICATION_POLICY_REMOVE)
    }

    @SinceApi(Build.VERSION_CODES.S)
    private fun stoppedByPerson(params: JobParameters): Boolean = params.stopReason == JobParameters.STOP_REASON_USER

    private companion object {
        /** Android drops notifications that change more often than a few times a second. */
        const val PROGRESS_MS = 1_000L
    }
}
