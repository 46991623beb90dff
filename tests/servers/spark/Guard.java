import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.analysis.ResolvedNamespace;
import org.apache.spark.sql.catalyst.plans.logical.DescribeNamespace;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/** Refuses the schema `forbidden`, in the way and the words of an authorisation plugin such as Apache Kyuubi's. */
public final class Guard extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
    @Override
    public BoxedUnit apply(SparkSessionExtensions extensions) {
        extensions.injectCheckRule(new AbstractFunction1<>() {
            @Override
            public AbstractFunction1<LogicalPlan, BoxedUnit> apply(org.apache.spark.sql.SparkSession session) {
                return new AbstractFunction1<>() {
                    @Override
                    public BoxedUnit apply(LogicalPlan plan) {
                        refuse(plan);
                        return BoxedUnit.UNIT;
                    }
                };
            }
        });
        return BoxedUnit.UNIT;
    }

    private static void refuse(LogicalPlan plan) {
        if (plan instanceof DescribeNamespace
                && ((DescribeNamespace) plan).namespace() instanceof ResolvedNamespace
                && ((ResolvedNamespace) ((DescribeNamespace) plan).namespace()).namespace().contains("forbidden")) {
            throw new SecurityException("Permission denied: user does not have [_any] privilege on [forbidden]");
        }
    }
}
