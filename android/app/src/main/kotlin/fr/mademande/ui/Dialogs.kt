package fr.mademande.ui

import android.app.Activity
import android.app.AlertDialog
import android.view.WindowManager.LayoutParams.FLAG_SECURE
import fr.mademande.R

/** Asks before something that cannot be undone. The harmless answer is the one that closes. */
fun Activity.ask(title: String, message: String, yes: String, act: () -> Unit) {
    val dialog = AlertDialog.Builder(this)
        .setTitle(title)
        .setMessage(message)
        .setNegativeButton(R.string.cancel, null)
        .setPositiveButton(yes) { _, _ -> act() }
        .create()
    dialog.window?.setFlags(FLAG_SECURE, FLAG_SECURE)
    dialog.show()
}

/** Says what went wrong, where there is no page to say it in. */
fun Activity.tell(message: String) {
    val dialog = AlertDialog.Builder(this).setMessage(message).setPositiveButton(R.string.close, null).create()
    dialog.window?.setFlags(FLAG_SECURE, FLAG_SECURE)
    dialog.show()
}
