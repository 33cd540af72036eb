/* Corners and masks: fractions of the upright picture, whatever way it is shown turned. */
package fr.mademande.brouillon

import fr.mademande.coeur.Corners
import fr.mademande.coeur.Mask
import fr.mademande.coeur.Point
import fr.mademande.coeur.Rotation

/** Corners of a sheet. */
const val CORNERS = 4

/** Clockwise from top left. */
fun Corners.toList(): List<Point> = listOf(topLeft, topRight, bottomRight, bottomLeft)

fun List<Point>.toCorners(): Corners = Corners(this[0], this[1], this[2], this[3])

/** The corners of the whole picture. */
val WHOLE = Corners(Point(0f, 0f), Point(1f, 0f), Point(1f, 1f), Point(0f, 1f))

fun Corners.with(at: Int, point: Point): Corners =
    toList().mapIndexed { index, old -> if (index == at) point.inside() else old }.toCorners()

/** Which corner of the upright picture is seen at place [shown] (clockwise from top left) when it is turned. */
fun uprightCorner(shown: Int, rotation: Rotation): Int = (shown - rotation.ordinal + CORNERS) % CORNERS

/** A step as seen on the screen, as a step in the upright picture. */
fun uprightStep(dx: Float, dy: Float, rotation: Rotation): Point = when (rotation) {
    Rotation.AUCUNE -> Point(dx, dy)
    Rotation.QUART -> Point(dy, -dx)
    Rotation.DEMI -> Point(-dx, -dy)
    Rotation.TROIS_QUARTS -> Point(-dy, dx)
}

operator fun Point.plus(step: Point): Point = Point(x + step.x, y + step.y)

fun Point.inside(): Point = Point(x.coerceIn(0f, 1f), y.coerceIn(0f, 1f))

/** Moved as a whole, as far as the picture goes. */
fun Mask.moved(step: Point): Mask {
    val dx = step.x.coerceIn(-minOf(from.x, to.x), 1f - maxOf(from.x, to.x))
    val dy = step.y.coerceIn(-minOf(from.y, to.y), 1f - maxOf(from.y, to.y))
    return copy(from = from + Point(dx, dy), to = to + Point(dx, dy))
}

/** Made larger or smaller at its second corner, never so small that it is lost. */
fun Mask.resized(step: Point): Mask {
    val far = (to + step).inside()
    return copy(to = Point(maxOf(far.x, from.x + MASK_MIN), maxOf(far.y, from.y + MASK_MIN)).inside())
}

/** As drawn with a finger in either direction; null for a touch that drew nothing. */
fun maskBetween(page: UInt, one: Point, other: Point): Mask? {
    val from = Point(minOf(one.x, other.x), minOf(one.y, other.y)).inside()
    val to = Point(maxOf(one.x, other.x), maxOf(one.y, other.y)).inside()
    return if (to.x - from.x < MASK_MIN || to.y - from.y < MASK_MIN) null else Mask(page, from, to)
}

/** Where a mask begins that is placed by buttons: about a line of text, in the middle. */
fun newMask(page: UInt): Mask = Mask(page, Point(0.3f, 0.47f), Point(0.7f, 0.53f))

/** The least side of a mask, as a fraction: a touch that slipped is no mask. */
private const val MASK_MIN = 0.01f
