import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.hive.thriftserver.HiveThriftServer2;

/**
 * The server, which listens once Spark has answered a first statement: that one makes the metastore and loads classes, which
 * takes a busy machine longer than a check of a connection may.
 */
public final class Warm {
    public static void main(String[] args) {
        // As the server does with its own; its settings are those of the session that is made here.
        for (int at = 0; at + 1 < args.length; at++) {
            if (args[at].equals("--hiveconf")) {
                String[] setting = args[at + 1].split("=", 2);
                System.setProperty(setting[0], setting[1]);
            }
        }
        SparkSession.builder().config(new SparkConf()).enableHiveSupport().getOrCreate()
            .sql("describe schema default").collect();
        HiveThriftServer2.main(args);
    }
}
