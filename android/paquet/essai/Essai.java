import fr.mademande.coeur.Echec;
import fr.mademande.coeur.Inspection;
import fr.mademande.coeur.Limites;
import fr.mademande.coeur.Ma_demandeKt;
import kotlin.coroutines.EmptyCoroutineContext;
import kotlinx.coroutines.BuildersKt;

/**
 * The shrunk classes at work, on this machine's Java: R8 is told what must keep its name, and what it takes away by
 * mistake would be missed on a phone only. Goes through each way into the engine: a plain call that gives a structure, a
 * call that waits for the engine's threads, and an error that comes back as ours.
 */
public final class Essai {
    private Essai() {}

    public static void main(String[] arguments) throws Exception {
        Limites limits = Ma_demandeKt.limites();
        Inspection photo = inspect(arguments[0]);
        String refused;
        try {
            inspect(arguments[1]);
            refused = "nothing";
        } catch (Echec echec) {
            refused = "Echec";
        }
        if (limits == null) throw new IllegalStateException("no limits");
        System.out.println(pages(photo) + " page, " + refused);
    }

    private static Inspection inspect(String path) throws Exception {
        return (Inspection) BuildersKt.runBlocking(EmptyCoroutineContext.INSTANCE, (scope, then) -> {
            try {
                return Ma_demandeKt.inspecter(path, then);
            } catch (Echec refused) {
                throw Essai.<RuntimeException>asItIs(refused);
            }
        });
    }

    /** Java asks that an error be declared, where Kotlin lets it pass. */
    @SuppressWarnings("unchecked")
    private static <E extends Exception> E asItIs(Exception error) throws E {
        throw (E) error;
    }

    private static String pages(Inspection inspection) {
        return inspection.toString().replaceAll(".*pages=(\\d+).*", "$1");
    }
}
