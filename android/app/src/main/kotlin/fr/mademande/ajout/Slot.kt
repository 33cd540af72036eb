package fr.mademande.ajout

import android.content.Intent
import fr.mademande.coeur.JustificatifId
import fr.mademande.coeur.PersonneId
import fr.mademande.coeur.PieceDemandeeId
import fr.mademande.coeur.RubriqueCode
import fr.mademande.coeur.TypeCode

/** What a piece to be added is for, as far as the person has already said it by where he or she tapped. */
data class Slot(
    val rubrique: RubriqueCode? = null,
    val typePiece: TypeCode? = null,
    /** Whom it concerns; null with a [rubrique] means the household. */
    val personne: PersonneId? = null,
    /** The guichet's request that it answers. */
    val demandePiece: PieceDemandeeId? = null,
    /** The piece of which it is a new version. */
    val remplace: JustificatifId? = null,
) {
    /** Into the intent that opens a screen. */
    fun putInto(intent: Intent): Intent = intent
        .putExtra(RUBRIQUE, rubrique)
        .putExtra(TYPE, typePiece)
        .putExtra(PERSONNE, personne)
        .putExtra(DEMANDE_PIECE, demandePiece)
        .putExtra(REMPLACE, remplace)

    companion object {
        private const val RUBRIQUE = "rubrique"
        private const val TYPE = "type"
        private const val PERSONNE = "personne"
        private const val DEMANDE_PIECE = "demande_piece"
        private const val REMPLACE = "remplace"

        /** Out of the intent that opened a screen. */
        fun of(intent: Intent): Slot = Slot(
            rubrique = intent.getStringExtra(RUBRIQUE),
            typePiece = intent.getStringExtra(TYPE),
            personne = intent.getStringExtra(PERSONNE),
            demandePiece = intent.getStringExtra(DEMANDE_PIECE),
            remplace = intent.getStringExtra(REMPLACE),
        )
    }
}
