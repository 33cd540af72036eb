/* Dates and sizes as people read them. Instants are shown in the time of France: it is the service's, wherever one reads. */
package fr.mademande.ui

import android.content.Context
import android.text.format.Formatter
import java.time.Instant
import java.time.LocalDate
import java.time.ZoneId
import java.time.format.DateTimeFormatter
import java.time.format.FormatStyle
import java.util.Locale

private val PARIS: ZoneId = ZoneId.of("Europe/Paris")

/** « 12 mars 2024 ». */
fun Context.day(date: LocalDate): String =
    DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG).withLocale(locale()).format(date)

fun Context.day(instant: Instant): String = day(instant.atZone(PARIS).toLocalDate())

/** « 12 mars 2024, 14:05 ». */
fun Context.dayAndHour(instant: Instant): String {
    val local = instant.atZone(PARIS)
    return day(local.toLocalDate()) + ", " + DateTimeFormatter.ofPattern("HH:mm", locale()).format(local)
}

/** Today in France. */
fun today(): LocalDate = LocalDate.now(PARIS)

/** « 0,2 Mo ». */
fun Context.size(bytes: Long): String = Formatter.formatShortFileSize(this, bytes)

private fun Context.locale(): Locale = resources.configuration.locales[0]
