package fr.mademande.ui

/**
 * Calls what Android 8 does not have, and is reached on newer ones only: the check of interfaces looks away, so the
 * caller must have asked for the version. Kept to functions of a line or two.
 */
@Target(AnnotationTarget.FUNCTION, AnnotationTarget.CLASS)
@Retention(AnnotationRetention.BINARY)
annotation class SinceApi(val level: Int)
