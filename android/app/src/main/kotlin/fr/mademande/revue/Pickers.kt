/* How Android is asked for photos and documents: no permission, the person hands over what he or she chooses. */
package fr.mademande.revue

import android.content.Intent
import android.net.Uri
import android.os.Build
import android.provider.MediaStore
import fr.mademande.brouillon.Imports
import fr.mademande.ui.SinceApi

/** Photos that are on the phone already. */
fun pickImages(): Intent = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.TIRAMISU) {
    imagePicker()
} else {
    document("image/*").putExtra(Intent.EXTRA_ALLOW_MULTIPLE, true)
}

fun pickPdf(): Intent = document("application/pdf")

/** What was picked, one or several, in the order of the choice. */
fun picked(data: Intent?): List<Uri> {
    val clip = data?.clipData
    return if (clip == null) listOfNotNull(data?.data) else List(clip.itemCount) { clip.getItemAt(it).uri }.filterNotNull()
}

private fun document(type: String) =
    Intent(Intent.ACTION_OPEN_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType(type)

@SinceApi(Build.VERSION_CODES.TIRAMISU)
private fun imagePicker(): Intent = Intent(MediaStore.ACTION_PICK_IMAGES)
    .setType("image/*")
    .putExtra(MediaStore.EXTRA_PICK_IMAGES_MAX, minOf(Imports.FILES_MAX, MediaStore.getPickImagesMaxLimit()))
