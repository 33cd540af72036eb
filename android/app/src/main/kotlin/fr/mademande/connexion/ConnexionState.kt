package fr.mademande.connexion

/** What the sign-in screen shows; what is typed stays in its fields. */
sealed interface ConnexionState {
    /** Waiting for the person; [failure] says what was wrong with the last try, [again] that a session has ended. */
    data class Ready(val failure: String? = null, val again: Boolean = false) : ConnexionState

    /** The server is being asked. */
    data object Asking : ConnexionState
}
