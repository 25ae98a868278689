import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/** HDFS and YARN in one process: MiniHadoop FOLDER writes FOLDER/conf, and waits. */
public class MiniHadoop {
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Configuration conf = new YarnConfiguration();
    conf.set("hdfs.minidfs.basedir", folder.resolve("hdfs").toString());
    conf.set("hadoop.tmp.dir", folder.resolve("tmp").toString());
    conf.set("yarn.nodemanager.resource.memory-mb", "6144");
    conf.set("yarn.nodemanager.resource.cpu-vcores", "4");
    conf.set("yarn.scheduler.minimum-allocation-mb", "128");
    conf.set("yarn.nodemanager.pmem-check-enabled", "false");
    conf.set("yarn.nodemanager.vmem-check-enabled", "false");
    // The usual one has its queues in a file, and MiniYARNCluster has no such file.
    String fifo = "org.apache.hadoop.yarn.server.resourcemanager.scheduler.fifo.FifoScheduler";
    conf.set("yarn.resourcemanager.scheduler.class", fifo);
    // A disk of a developer's machine is fuller than YARN likes.
    String full = "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage";
    conf.set(full, "99.9");
    conf.set("yarn.nodemanager.env-whitelist", "JAVA_HOME,PATH,LANG,LC_ALL");
    System.setProperty("test.build.data", folder.resolve("build").toString());

    MiniDFSCluster hdfs = new MiniDFSCluster.Builder(conf).numDataNodes(1).build();
    conf.set("fs.defaultFS", hdfs.getURI().toString());
    MiniYARNCluster yarn = new MiniYARNCluster("yarn", 1, 1, 1);
    yarn.init(conf);
    yarn.start();

    Configuration started = new Configuration(yarn.getConfig());
    started.set("fs.defaultFS", hdfs.getURI().toString());
    started.unset("net.topology.node.switch.mapping.impl"); // a class of Hadoop's tests
    for (String name : new String[] {"core-site.xml", "yarn-site.xml"}) {
      try (OutputStream out = new FileOutputStream(folder.resolve("conf/" + name).toFile())) {
        started.writeXml(out);
      }
    }
    System.out.println("Hadoop started at: " + hdfs.getURI());
    Thread.sleep(Long.MAX_VALUE);
  }
}
