/*
 * Once a day: what became of what was deposited, and what a guichet asks for. The notification says that there is
 * something, never what: it is read on locked screens.
 */
package fr.mademande.jobs

import android.app.job.JobParameters
import android.app.job.JobService
import fr.mademande.App
import fr.mademande.AppContainer
import fr.mademande.coeur.Echec
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

class SuiviJob : JobService() {
    private val container: AppContainer get() = (application as App).container
    private val scope = MainScope()
    private var look: Job? = null

    override fun onStartJob(params: JobParameters): Boolean {
        look = scope.launch {
            try {
                container.notifications.news(container.veille.look())
            } catch (_: Echec) {
                // Tomorrow is another day; and the app asks whenever it is opened.
            }
            jobFinished(params, false)
        }
        return true
    }

    override fun onStopJob(params: JobParameters): Boolean {
        look?.cancel()
        return false
    }

    override fun onDestroy() {
        scope.cancel()
        super.onDestroy()
    }
}
