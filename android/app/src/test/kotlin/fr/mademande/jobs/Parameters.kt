package fr.mademande.jobs

import android.app.job.JobParameters
import org.robolectric.shadow.api.Shadow

/** What Android hands to a job; none of ours reads it, but for the reason of a stop. */
fun parameters(): JobParameters = Shadow.newInstanceOf(JobParameters::class.java)
