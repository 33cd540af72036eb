package fr.mademande

import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.w3c.dom.Element

/** French and English say the same things: same names, same placeholders, as many paragraphs. */
class StringsTest {
    private val res = File("src/main/res")
    private val french = read("values")
    private val english = read("values-en")

    @Test
    fun everyTextIsThereInBothLanguages() = assertEquals(french.keys, english.keys)

    @Test
    fun placeholdersAgree() {
        val placeholder = Regex("%\\d\\$[sd]")
        for ((name, texts) in french) {
            val wanted = texts.flatMap { placeholder.findAll(it).map { found -> found.value } }.toSet()
            val found = english.getValue(name).flatMap { placeholder.findAll(it).map { it.value } }.toSet()
            assertEquals(name, wanted, found)
        }
    }

    @Test
    fun longTextsHaveAsManyParagraphs() {
        for ((name, texts) in french.filterKeys { it.startsWith("string-array") && !it.endsWith("phrases") && !it.endsWith("labels") }) {
            assertEquals(name, texts.size, english.getValue(name).size)
            assertEquals("$name alternates headings and paragraphs", 0, texts.size % 2)
        }
    }

    @Test
    fun frenchIsSetWithItsOwnApostrophe() {
        val straight = french.filterValues { texts -> texts.any { "'" in it } }.keys
        assertTrue("$straight", straight.isEmpty())
    }

    /** Every translatable resource by its kind and name, with its texts. */
    private fun read(folder: String): Map<String, List<String>> =
        listOf("strings.xml", "texts.xml", "phrases.xml", "sending.xml").flatMap { file ->
            val document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(File(res, "$folder/$file"))
            val nodes = document.documentElement.childNodes
            (0 until nodes.length).map(nodes::item).filterIsInstance<Element>()
                .filter { it.getAttribute("translatable") != "false" }
                .map { "${it.tagName} ${it.getAttribute("name")}" to texts(it) }
        }.toMap()

    private fun texts(element: Element): List<String> {
        val items = element.getElementsByTagName("item")
        if (element.tagName == "string") return listOf(element.textContent)
        return (0 until items.length).map { items.item(it).textContent }
    }
}
