import javax.security.sasl.AuthenticationException;
import org.apache.hive.service.auth.PasswdAuthenticationProvider;

/** Lets in whoever brings the password of the tests. */
public final class PasswordCheck implements PasswdAuthenticationProvider {
    @Override
    public void Authenticate(String user, String password) throws AuthenticationException {
        if (!"br3wed-beans".equals(password)) {
            throw new AuthenticationException("user " + user + " is not known with this password");
        }
    }
}
