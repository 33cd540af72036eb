/*
 * What the app says while it is not looked at. Nothing personal: these words stand on a locked screen. Where the person
 * has refused notifications, nothing is said and all works.
 */
package fr.mademande.jobs

import android.app.Notification
import android.app.NotificationChannel
import android.app.NotificationManager
import android.app.PendingIntent
import android.app.PendingIntent.FLAG_IMMUTABLE
import android.app.PendingIntent.FLAG_UPDATE_CURRENT
import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.graphics.drawable.Icon
import fr.mademande.App
import fr.mademande.R
import fr.mademande.demande.DemandeActivity
import fr.mademande.envois.EnvoisActivity
import fr.mademande.service

class Notifications(private val context: Context) {
    private val manager = context.service<NotificationManager>()

    init {
        channel(PROGRESS, R.string.notif_channel_progress, NotificationManager.IMPORTANCE_LOW)
        channel(NEWS, R.string.notif_channel_news, NotificationManager.IMPORTANCE_DEFAULT)
    }

    /** How far the sending is, with a way to end it. */
    fun sending(progress: Expediteur.Progress) = manager.notify(SENDING, sendingNotification(progress))

    fun sendingNotification(progress: Expediteur.Progress): Notification {
        val sent = progress.sent.values.sumOf { it.bytes }
        val total = progress.sent.values.sumOf { it.total }
        val pause = PendingIntent.getBroadcast(context, 0, Intent(context, PauseReceiver::class.java), FLAG_IMMUTABLE)
        val icon = Icon.createWithResource(context, R.drawable.ic_document)
        return Notification.Builder(context, PROGRESS)
            .setSmallIcon(R.drawable.ic_document)
            .setContentTitle(context.getString(R.string.notif_sending))
            .setContentIntent(open(EnvoisActivity.intent(context)))
            .setProgress(PERCENT, if (total == 0L) 0 else (sent * PERCENT / total).toInt(), total == 0L)
            .setOngoing(true)
            .setOnlyAlertOnce(true)
            .addAction(Notification.Action.Builder(icon, context.getString(R.string.envois_pause), pause).build())
            .build()
    }

    fun sendingEnded() = manager.cancel(SENDING)

    /** A deposit waits for the person. */
    fun blocked() = say(BLOCKED, R.string.notif_blocked, R.string.notif_blocked_text, EnvoisActivity.intent(context))

    /** The session has ended while something waits to be sent. */
    fun signInAgain() = say(BLOCKED, R.string.notif_session, R.string.notif_session_text, DemandeActivity.intent(context))

    /** What the daily look has found. */
    fun news(news: News) {
        val home = DemandeActivity.intent(context)
        if (news.toReplace > 0) say(REPLACE, R.string.notif_replace, R.string.notif_replace_text, home)
        if (news.asked > 0) say(ASKED, R.string.notif_asked, R.string.notif_asked_text, home)
    }

    /** Signed out. */
    fun clear() = manager.cancelAll()

    private fun say(id: Int, title: Int, text: Int, target: Intent) {
        val words = context.getString(text)
        manager.notify(
            id,
            Notification.Builder(context, NEWS)
                .setSmallIcon(R.drawable.ic_document)
                .setContentTitle(context.getString(title))
                .setContentText(words)
                .setStyle(Notification.BigTextStyle().bigText(words))
                .setContentIntent(open(target))
                .setAutoCancel(true)
                .build(),
        )
    }

    private fun open(intent: Intent): PendingIntent =
        PendingIntent.getActivity(context, 0, intent, FLAG_IMMUTABLE or FLAG_UPDATE_CURRENT)

    private fun channel(id: String, name: Int, importance: Int) {
        val channel = NotificationChannel(id, context.getString(name), importance)
        channel.setShowBadge(importance > NotificationManager.IMPORTANCE_LOW)
        manager.createNotificationChannel(channel)
    }

    companion object {
        const val SENDING = 1
        const val BLOCKED = 2
        const val REPLACE = 3
        const val ASKED = 4

        private const val PROGRESS = "envois"
        private const val NEWS = "nouvelles"
        private const val PERCENT = 100
    }
}

/** The button in the notification. */
class PauseReceiver : BroadcastReceiver() {
    override fun onReceive(context: Context, intent: Intent) {
        (context.applicationContext as App).container.expediteur.pause()
    }
}
