package fr.mademande

import android.content.Context

/** A service that every Android has: only those that a device may lack are null. */
inline fun <reified T : Any> Context.service(): T = checkNotNull(getSystemService(T::class.java))
