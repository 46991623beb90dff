import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.hive.thriftserver.HiveThriftServer2;

/**
 * The server, which listens once Spark has answered a first statement: that one makes the metastore and loads classes, which
 * takes a busy machine longer than a check of a connection may.
 */
public final class Warm {
    public static void main(String[] args) {
        SparkSession.builder().config(new SparkConf()).enableHiveSupport().getOrCreate()
            .sql("describe schema default").collect();
        HiveThriftServer2.main(args);
    }
}
