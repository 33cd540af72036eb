package fr.mademande.aide

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.view.ViewGroup
import android.widget.Toast
import fr.mademande.R
import fr.mademande.ui.Weight
import fr.mademande.ui.button

/** Opens the telephone with the assistance's number typed in: the person still decides to call. No permission needed. */
fun Activity.callAssistance() {
    val number = getString(R.string.assistance_number)
    try {
        startActivity(Intent(Intent.ACTION_DIAL, Uri.fromParts("tel", number.replace(" ", ""), null)))
    } catch (_: ActivityNotFoundException) {
        // A tablet without a telephone: the number is to be read.
        Toast.makeText(this, number, Toast.LENGTH_LONG).show()
    }
}

/** The button to the assistance, with its number in sight. */
fun ViewGroup.assistanceButton(activity: Activity) {
    val number = context.getString(R.string.assistance_number)
    button(context.getString(R.string.assistance_call, number), Weight.SECONDARY, R.drawable.ic_phone) {
        activity.callAssistance()
    }
}
