import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Files of this machine, renamed as a store of objects does it: all are copied, then deleted. */
public class CopyingFileSystem extends RawLocalFileSystem {
    /** Files that are copied or deleted before the connection breaks. */
    public static int steps = Integer.MAX_VALUE;

    @Override
    public URI getUri() {
        return URI.create("copying:///");
    }

    @Override
    public boolean rename(Path source, Path target) throws IOException {
        if (!exists(source) || exists(target) && getFileStatus(target).isFile()) {
            return false;
        }
        Path place = exists(target) ? new Path(target, source.getName()) : target;
        List<Path> files = files(source);
        for (Path file : files) {
            step();
            String below = file.toString().substring(source.toString().length());
            FileUtil.copy(this, file, this, new Path(place + below), false, getConf());
        }
        for (Path file : files) {
            step();
            delete(file, false);
        }
        return !exists(source) || delete(source, true);
    }

    private List<Path> files(Path path) throws IOException {
        if (getFileStatus(path).isFile()) {
            return List.of(path);
        }
        List<Path> found = new ArrayList<>();
        for (FileStatus child : listStatus(path)) {
            found.addAll(files(child.getPath()));
        }
        return found;
    }

    private static void step() throws IOException {
        if (steps-- <= 0) {
            throw new IOException("the connection broke");
        }
    }
}
