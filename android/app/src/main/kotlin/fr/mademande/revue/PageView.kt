/*
 * A page as it will be sent: turned, with the corners of the sheet and what is blackened. Corners are dragged and masks are
 * drawn with a finger; everything a finger does here, the buttons of the screen around it do too.
 */
package fr.mademande.revue

import android.content.Context
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Matrix
import android.graphics.Paint
import android.graphics.Path
import android.graphics.RectF
import android.view.MotionEvent
import android.view.View
import fr.mademande.R
import fr.mademande.brouillon.WHOLE
import fr.mademande.brouillon.maskBetween
import fr.mademande.brouillon.toList
import fr.mademande.brouillon.with
import fr.mademande.coeur.Corners
import fr.mademande.coeur.Mask
import fr.mademande.coeur.Point
import fr.mademande.coeur.Rotation
import fr.mademande.ui.dp

class PageView(context: Context) : View(context) {
    /** What a finger does. */
    enum class Touch { NOTHING, CORNERS, MASKS }

    var bitmap: Bitmap? = null
        set(value) {
            field = value
            place()
        }
    var rotation = Rotation.AUCUNE
        set(value) {
            field = value
            place()
        }
    var corners: Corners? = null
        set(value) {
            field = value
            invalidate()
        }
    var masks: List<Mask> = emptyList()
        set(value) {
            field = value
            invalidate()
        }

    /** The corner (of the upright picture) or the mask that the buttons move. */
    var selected: Int? = null
        set(value) {
            field = value
            invalidate()
        }
    var touch = Touch.NOTHING

    /** Told when the finger has let go. */
    var onCorners: (Corners, Int) -> Unit = { _, _ -> }
    var onMask: (Mask) -> Unit = {}

    private val toView = Matrix()
    private val pixelsToView = Matrix()
    private val fromView = Matrix()
    private var dragged: Int? = null
    private var drawnFrom: Point? = null
    private var drawn: Mask? = null

    private val line = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        style = Paint.Style.STROKE
        strokeWidth = context.dp(2).toFloat()
        color = context.getColor(R.color.action)
    }
    private val handle = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.action) }
    private val halo = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = Color.WHITE }
    private val black = Paint().apply { color = Color.BLACK }
    private val outside = Paint().apply { color = OUTSIDE }
    private val smooth = Paint(Paint.FILTER_BITMAP_FLAG)

    override fun onSizeChanged(width: Int, height: Int, oldWidth: Int, oldHeight: Int) = place()

    /** Fits the turned picture, with room around it for a finger on a corner. */
    private fun place() {
        val bitmap = bitmap ?: return
        val edge = if (touch == Touch.CORNERS) context.dp(EDGE_DP).toFloat() else 0f
        pixelsToView.setRotate(QUARTER_DEGREES * rotation.ordinal)
        val turned = RectF(0f, 0f, bitmap.width.toFloat(), bitmap.height.toFloat())
        pixelsToView.mapRect(turned)
        val room = RectF(edge, edge, width - edge, height - edge)
        val fit = Matrix()
        fit.setRectToRect(turned, room, Matrix.ScaleToFit.CENTER)
        pixelsToView.postConcat(fit)
        toView.set(pixelsToView)
        toView.preScale(bitmap.width.toFloat(), bitmap.height.toFloat())
        toView.invert(fromView)
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        val bitmap = bitmap ?: return
        canvas.drawBitmap(bitmap, pixelsToView, smooth)
        for (mask in masks + listOfNotNull(drawn)) drawMask(canvas, mask)
        if (touch == Touch.MASKS) selected?.let(masks::getOrNull)?.let { canvas.drawPath(path(ends(it)), line) }
        val sheet = corners ?: return
        val path = path(sheet.toList())
        shade(canvas, path)
        canvas.drawPath(path, line)
        if (touch == Touch.CORNERS) sheet.toList().forEachIndexed { at, corner -> drawHandle(canvas, shown(corner), at == selected) }
    }

    private fun drawMask(canvas: Canvas, mask: Mask) = canvas.drawPath(path(ends(mask)), black)

    /** What lies outside of the sheet will be cut away. */
    private fun shade(canvas: Canvas, sheet: Path) {
        val around = path(WHOLE.toList())
        around.op(sheet, Path.Op.DIFFERENCE)
        canvas.drawPath(around, outside)
    }

    private fun drawHandle(canvas: Canvas, at: Point, strong: Boolean) {
        val radius = context.dp(if (strong) HANDLE_STRONG_DP else HANDLE_DP).toFloat()
        canvas.drawCircle(at.x, at.y, radius + context.dp(2), halo)
        canvas.drawCircle(at.x, at.y, radius, handle)
    }

    private fun ends(mask: Mask) =
        listOf(mask.from, Point(mask.to.x, mask.from.y), mask.to, Point(mask.from.x, mask.to.y))

    private fun path(points: List<Point>): Path = Path().apply {
        points.map(::shown).forEachIndexed { at, point -> if (at == 0) moveTo(point.x, point.y) else lineTo(point.x, point.y) }
        close()
    }

    private fun shown(point: Point): Point = toView.map(point)

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (touch == Touch.NOTHING || bitmap == null) return super.onTouchEvent(event)
        val finger = fromView.map(Point(event.x, event.y))
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> {
                if (!begin(event, finger)) return false
                // The page must not scroll away under the finger.
                parent.requestDisallowInterceptTouchEvent(true)
            }
            MotionEvent.ACTION_MOVE -> move(finger)
            MotionEvent.ACTION_UP -> end()
            MotionEvent.ACTION_CANCEL -> forget()
        }
        return true
    }

    private fun begin(event: MotionEvent, finger: Point): Boolean {
        if (touch == Touch.MASKS) {
            drawnFrom = finger
            return true
        }
        val handles = (corners ?: return false).toList().map(::shown)
        val (at, distance) = handles.mapIndexed { at, it -> at to Math.hypot((it.x - event.x).toDouble(), (it.y - event.y).toDouble()) }
            .minBy { it.second }
        if (distance > context.dp(REACH_DP)) return false
        dragged = at
        selected = at
        return true
    }

    private fun move(finger: Point) {
        val corner = dragged
        val from = drawnFrom
        if (corner != null) corners = corners?.with(corner, finger)
        if (from != null) drawn = maskBetween(0u, from, finger)
        invalidate()
    }

    private fun end() {
        val corner = dragged
        val sheet = corners
        val mask = drawn
        forget()
        if (corner != null && sheet != null) onCorners(sheet, corner)
        if (mask != null) onMask(mask)
    }

    private fun forget() {
        dragged = null
        drawnFrom = null
        drawn = null
        invalidate()
    }

    private companion object {
        const val QUARTER_DEGREES = 90f
        const val EDGE_DP = 16
        const val HANDLE_DP = 8
        const val HANDLE_STRONG_DP = 13

        /** How far beside a handle a finger may land. */
        const val REACH_DP = 40
        const val OUTSIDE = 0x99000000.toInt()
    }
}

private fun Matrix.map(point: Point): Point {
    val values = floatArrayOf(point.x, point.y)
    mapPoints(values)
    return Point(values[0], values[1])
}
