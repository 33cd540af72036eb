package fr.mademande

import android.app.Application

/** The process: holds the one [AppContainer]. */
class App : Application() {
    val container: AppContainer by lazy { AppContainer(this) }
}
