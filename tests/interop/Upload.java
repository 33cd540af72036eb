// Uploads a file with tus-java-client, resuming what an earlier run of this program began.
// Standard input: properties endpoint, token, file, storage, chunk, and metadata.KEY for each fact. Standard output, at the
// end: { resumed_from, url }. It does not retry: a cut ends it with exit code 1. On a JVM the library cannot say PATCH, so
// it sends POST with X-HTTP-Method-Override, in chunks, and waits for 100 (Continue).

import io.tus.java.client.ProtocolException;
import io.tus.java.client.TusClient;
import io.tus.java.client.TusURLStore;
import io.tus.java.client.TusUpload;
import io.tus.java.client.TusUploader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

public final class Upload {
    private static final String METADATA = "metadata.";

    public static void main(String[] arguments) throws IOException {
        Properties job = new Properties();
        job.load(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        Map<String, String> metadata = new HashMap<>();
        for (String name : job.stringPropertyNames()) {
            if (name.startsWith(METADATA)) {
                metadata.put(name.substring(METADATA.length()), job.getProperty(name));
            }
        }
        TusClient client = new TusClient();
        client.setUploadCreationURL(new URL(job.getProperty("endpoint")));
        client.setHeaders(Map.of("Authorization", "Bearer " + job.getProperty("token")));
        client.enableResuming(new Store(Path.of(job.getProperty("storage"))));
        TusUpload upload = new TusUpload(new File(job.getProperty("file")));
        upload.setMetadata(metadata);
        try {
            TusUploader uploader = client.resumeOrCreateUpload(upload);
            long resumedFrom = uploader.getOffset();
            uploader.setRequestPayloadSize(Integer.parseInt(job.getProperty("chunk")));
            while (uploader.uploadChunk() >= 0) {
                // All of it.
            }
            uploader.finish();
            System.out.printf("{\"resumed_from\": %d, \"url\": \"%s\"}%n", resumedFrom, uploader.getUploadURL());
        } catch (IOException | ProtocolException error) {
            System.err.println(error);
            System.exit(1);
        }
    }

    /** The library remembers addresses in memory only; this is its interface, on a file. */
    private static final class Store implements TusURLStore {
        private final Path path;
        private final Properties known = new Properties();

        Store(Path path) throws IOException {
            this.path = path;
            if (Files.exists(path)) {
                try (Reader reader = Files.newBufferedReader(path)) {
                    known.load(reader);
                }
            }
        }

        @Override
        public void set(String fingerprint, URL url) {
            known.setProperty(fingerprint, url.toString());
            save();
        }

        @Override
        public URL get(String fingerprint) {
            String url = known.getProperty(fingerprint);
            try {
                return url == null ? null : new URL(url);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }

        @Override
        public void remove(String fingerprint) {
            known.remove(fingerprint);
            save();
        }

        private void save() {
            try (Writer writer = Files.newBufferedWriter(path)) {
                known.store(writer, null);
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }
}
