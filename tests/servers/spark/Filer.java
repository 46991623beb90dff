import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * `s3://bucket/key` over SeaweedFS's own HTTP interface: no package brings the SDK that Spark would need for S3. Whole files
 * alone, as Iceberg and Parquet write them. The interface's address is `fs.s3.filer`.
 */
public final class Filer extends FileSystem {
    private String filer;

    @Override
    public void initialize(URI name, Configuration conf) throws IOException {
        super.initialize(name, conf);
        setConf(conf);
        filer = conf.get("fs.s3.filer");
    }

    @Override
    public String getScheme() {
        return "s3";
    }

    @Override
    public URI getUri() {
        return URI.create("s3:///");
    }

    @Override
    protected void checkPath(Path path) {
        // Every bucket is of this one file system.
    }

    @Override
    public Path makeQualified(Path path) {
        return path;
    }

    private HttpURLConnection open(String method, Path path, String query) throws IOException {
        URI uri = path.toUri();
        String key = uri.getRawPath().replace("%2F", "%252F");
        URL url = new URL(filer + "/buckets/" + uri.getAuthority() + key + query);
        HttpURLConnection connection = (HttpURLConnection) url.openConnection();
        connection.setRequestMethod(method);
        return connection;
    }

    private static void check(HttpURLConnection connection, Path path) throws IOException {
        int status = connection.getResponseCode();
        if (status == 404) {
            throw new FileNotFoundException(path.toString());
        }
        if (status >= 300) {
            throw new IOException(connection.getRequestMethod() + " " + path + ": " + status);
        }
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
        HttpURLConnection connection = open("GET", path, "");
        check(connection, path);
        byte[] bytes;
        try (InputStream in = connection.getInputStream()) {
            bytes = in.readAllBytes();
        }
        return new FSDataInputStream(new Bytes(bytes));
    }

    @Override
    public FSDataOutputStream create(Path path, FsPermission permission, boolean overwrite, int bufferSize,
            short replication, long blockSize, Progressable progress) throws IOException {
        if (!overwrite && exists(path)) {
            throw new org.apache.hadoop.fs.FileAlreadyExistsException(path.toString());
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream() {
            private boolean closed;

            @Override
            public void close() throws IOException {
                if (closed) {
                    return;
                }
                closed = true;
                HttpURLConnection connection = Filer.this.open("PUT", path, "");
                connection.setDoOutput(true);
                connection.setRequestProperty("Content-Type", "application/octet-stream");
                connection.getOutputStream().write(toByteArray());
                check(connection, path);
            }
        };
        return new FSDataOutputStream(bytes, null);
    }

    @Override
    public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
        throw new UnsupportedOperationException("append");
    }

    @Override
    public boolean rename(Path from, Path to) throws IOException {
        try (FSDataInputStream in = open(from, 0); FSDataOutputStream out = create(to, true)) {
            out.write(in.readAllBytes());
        }
        return delete(from, false);
    }

    @Override
    public boolean delete(Path path, boolean recursive) throws IOException {
        HttpURLConnection connection = open("DELETE", path, recursive ? "?recursive=true" : "");
        int status = connection.getResponseCode();
        return status < 300;
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
        HttpURLConnection connection = open("GET", path, "/?limit=10000");
        connection.setRequestProperty("Accept", "application/json");
        check(connection, path);
        String text = new String(connection.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<FileStatus> found = new ArrayList<>();
        Matcher names = Pattern.compile("\"FullPath\":\"([^\"]*)\"").matcher(text);
        while (names.find()) {
            found.add(getFileStatus(new Path("s3:/" + names.group(1).substring("/buckets".length()))));
        }
        return found.toArray(new FileStatus[0]);
    }

    @Override
    public void setWorkingDirectory(Path path) {
        // There is none.
    }

    @Override
    public Path getWorkingDirectory() {
        return new Path("s3:///");
    }

    @Override
    public boolean mkdirs(Path path, FsPermission permission) {
        // Folders come with what is put into them.
        return true;
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
        HttpURLConnection connection = open("HEAD", path, "");
        check(connection, path);
        boolean isFolder = connection.getHeaderField("X-Filer-Listing") != null;
        long length = Math.max(0, connection.getHeaderFieldLong("Content-Length", 0));
        return new FileStatus(isFolder ? 0 : length, isFolder, 1, 1L << 27, connection.getLastModified(), path);
    }

    private static final class Bytes extends FSInputStream {
        private final byte[] bytes;
        private int at;

        Bytes(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return at < bytes.length ? bytes[at++] & 0xff : -1;
        }

        @Override
        public int read(byte[] into, int offset, int length) {
            if (at >= bytes.length) {
                return -1;
            }
            int count = Math.min(length, bytes.length - at);
            System.arraycopy(bytes, at, into, offset, count);
            at += count;
            return count;
        }

        @Override
        public void seek(long to) {
            at = (int) to;
        }

        @Override
        public long getPos() {
            return at;
        }

        @Override
        public boolean seekToNewSource(long to) {
            return false;
        }
    }
}
