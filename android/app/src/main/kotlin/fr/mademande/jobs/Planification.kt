/*
 * What is asked of Android's scheduler. Both jobs survive a restart of the phone. Sending is a user-initiated data transfer
 * where there are such (Android 14) and the app is visible, since only then is it not put off; otherwise an ordinary job.
 */
package fr.mademande.jobs

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.content.ComponentName
import android.content.Context
import android.os.Build
import fr.mademande.Reglages
import fr.mademande.service
import fr.mademande.ui.SinceApi
import java.util.concurrent.TimeUnit

class Planification(private val context: Context, private val reglages: Reglages) {
    private val scheduler = context.service<JobScheduler>()

    val envoiPlanned: Boolean get() = scheduler.getPendingJob(ENVOI) != null

    /** Plans the sending of about [bytes], in place of what was planned. */
    fun planEnvoi(bytes: Long, visible: Boolean) {
        reglages.envoiPrevu = true
        val initiated = visible && Build.VERSION.SDK_INT >= Build.VERSION_CODES.UPSIDE_DOWN_CAKE
        if (initiated && scheduler.schedule(initiatedEnvoi(bytes)) == JobScheduler.RESULT_SUCCESS) return
        // Also where the app was no longer visible when it asked.
        val job = envoi().setBackoffCriteria(BACKOFF_MS, JobInfo.BACKOFF_POLICY_EXPONENTIAL)
        scheduler.schedule(job.build())
    }

    fun cancelEnvoi() {
        reglages.envoiPrevu = false
        scheduler.cancel(ENVOI)
    }

    /** Asks once a day what became of what was deposited. */
    fun planSuivi() {
        if (scheduler.getPendingJob(SUIVI) != null) return
        val job = JobInfo.Builder(SUIVI, ComponentName(context, SuiviJob::class.java))
            .setRequiredNetworkType(JobInfo.NETWORK_TYPE_ANY)
            .setPeriodic(TimeUnit.DAYS.toMillis(1))
            .setPersisted(true)
        scheduler.schedule(job.build())
    }

    /** Signed out: nothing is left to do. */
    fun clear() {
        scheduler.cancel(ENVOI)
        scheduler.cancel(SUIVI)
    }

    private fun envoi(): JobInfo.Builder = JobInfo.Builder(ENVOI, ComponentName(context, EnvoiJob::class.java))
        .setRequiredNetworkType(if (reglages.wifiSeulement) JobInfo.NETWORK_TYPE_UNMETERED else JobInfo.NETWORK_TYPE_ANY)
        .setPersisted(true)

    @SinceApi(Build.VERSION_CODES.UPSIDE_DOWN_CAKE)
    private fun initiatedEnvoi(bytes: Long): JobInfo =
        envoi().setUserInitiated(true).setEstimatedNetworkBytes(0, bytes).build()

    companion object {
        const val ENVOI = 1
        const val SUIVI = 2

        /** The least that Android grants is 10 s; it doubles, up to five hours. */
        private const val BACKOFF_MS = 20_000L
    }
}
